-- A posting that arrived; its unit.
SELECT p.id AS id, p.sender AS key, 1 AS n, p.arrived_on AS day, p.cohort AS cohort, u.region AS region,
       p.sender AS unit, CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS school,
       p.subject AS subject, p.role AS kind
FROM posting p
JOIN organisation u ON u.id = p.sender
JOIN organisation s ON s.id = p.school
WHERE p.arrived_on IS NOT NULL AND p.state IN ('arrived', 'completed', 'ended_early')
