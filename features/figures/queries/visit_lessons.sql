-- A visit that was held; how many lessons were given.
SELECT v.id AS id, v.id AS key, coalesce(v.lessons, 0) AS n, v.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       v.from_school AS school, NULL AS subject, h.kind AS kind
FROM visit v
JOIN organisation h ON h.id = v.host
WHERE v.held_on IS NOT NULL AND v.state IN ('held', 'followed_up')
