-- A visit that was held at a school to which nobody was posted; that school.
SELECT v.id AS id, v.host AS key, 1 AS n, v.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       v.from_school AS school, NULL AS subject, h.kind AS kind
FROM visit v
JOIN organisation h ON h.id = v.host
WHERE v.held_on IS NOT NULL AND v.state IN ('held', 'followed_up')
  AND NOT EXISTS (SELECT 1 FROM posting p WHERE p.arrived_on IS NOT NULL
                  AND p.state IN ('arrived', 'completed', 'ended_early') AND p.school = v.host)
