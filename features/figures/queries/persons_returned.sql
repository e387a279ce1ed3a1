-- A posting that arrived, of a person who had already arrived in the programme's first cohort; the person.
SELECT p.id AS id, p.person AS key, 1 AS n, p.arrived_on AS day, p.cohort AS cohort, u.region AS region,
       p.sender AS unit, CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS school,
       p.subject AS subject, p.role AS kind
FROM posting p
JOIN organisation u ON u.id = p.sender
JOIN organisation s ON s.id = p.school
WHERE p.arrived_on IS NOT NULL AND p.state IN ('arrived', 'completed', 'ended_early')
  AND p.cohort <> (SELECT id FROM cohort ORDER BY ordinal LIMIT 1)
  AND EXISTS (SELECT 1 FROM posting q WHERE q.person = p.person AND q.arrived_on IS NOT NULL
              AND q.state IN ('arrived', 'completed', 'ended_early')
              AND q.cohort = (SELECT id FROM cohort ORDER BY ordinal LIMIT 1))
