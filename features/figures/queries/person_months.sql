-- A posting that arrived; the months it has lasted by the day of counting, or did last.
SELECT p.id AS id, p.id AS key, CAST(round((julianday(coalesce(p.ended_on, min(p.ends_on, ?1))) - julianday(p.arrived_on)) / 30.4375) AS INTEGER) AS n, p.arrived_on AS day, p.cohort AS cohort, u.region AS region,
       p.sender AS unit, CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS school,
       p.subject AS subject, p.role AS kind
FROM posting p
JOIN organisation u ON u.id = p.sender
JOIN organisation s ON s.id = p.school
WHERE p.arrived_on IS NOT NULL AND p.state IN ('arrived', 'completed', 'ended_early')
