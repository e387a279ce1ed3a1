-- A visit that was held; how many went.
SELECT v.id AS id, v.id AS key, (SELECT count(*) FROM visit_visitors w WHERE w.id = v.id) AS n, v.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       v.from_school AS school, NULL AS subject, h.kind AS kind
FROM visit v
JOIN organisation h ON h.id = v.host
WHERE v.held_on IS NOT NULL AND v.state IN ('held', 'followed_up')
