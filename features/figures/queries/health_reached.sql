-- Who came to a health session, where they were counted.
SELECT s.id AS id, s.id AS key, s.number AS n, s.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       CASE o.kind WHEN 'outlying_school' THEN o.parent ELSE o.id END AS school, NULL AS subject, s.basis AS kind
FROM health_session s
JOIN organisation o ON o.id = s.school
WHERE s.held_on IS NOT NULL AND s.state = 'held' AND s.basis = 'counted'
