-- A verified count of pupils at an activity that was held.
SELECT h.id AS id, h.id AS key, h.number AS n, h.day AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       a.school AS school, NULL AS subject, a.kind AS kind
FROM headcount h
JOIN activity a ON a.id = h.activity
WHERE h.category = 'pupils' AND h.basis = 'counted' AND h.state = 'verified'
  AND a.held_on IS NOT NULL AND a.state IN ('held', 'verified')
