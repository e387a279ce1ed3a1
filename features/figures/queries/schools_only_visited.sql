-- A visit that was held at a school to which nobody was posted, nor to a school of its; that school. Where cohorts are chosen: a
-- visit within their time, and nobody of theirs. So it stands beside the schools that they supported.
WITH posted AS (
  SELECT s.id AS id, s.kind AS kind, s.parent AS parent FROM posting p JOIN organisation s ON s.id = p.school
  WHERE p.arrived_on IS NOT NULL AND p.state IN ('arrived', 'completed', 'ended_early')
    AND (p.cohort IN (SELECT cohort FROM chosen) OR NOT EXISTS (SELECT 1 FROM chosen))
), supported AS (
  SELECT id FROM posted UNION SELECT parent FROM posted WHERE kind = 'outlying_school' AND parent IS NOT NULL
)
SELECT v.id AS id, v.host AS key, 1 AS n, v.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       v.from_school AS school, NULL AS subject, h.kind AS kind
FROM visit v
JOIN organisation h ON h.id = v.host
WHERE v.held_on IS NOT NULL AND v.state IN ('held', 'followed_up')
  AND v.host NOT IN (SELECT id FROM supported)
  AND (NOT EXISTS (SELECT 1 FROM chosen)
       OR EXISTS (SELECT 1 FROM cohort c JOIN chosen k ON k.cohort = c.id WHERE v.held_on BETWEEN c.opens_on AND c.closes_on))
