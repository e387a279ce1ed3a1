-- An estimate of local teachers at an activity that was held. Never added to what was counted.
SELECT h.id AS id, h.id AS key, h.number AS n, h.day AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       a.school AS school, NULL AS subject, a.kind AS kind
FROM headcount h
JOIN activity a ON a.id = h.activity
WHERE h.category = 'local_teachers' AND h.basis = 'estimated' AND a.held_on IS NOT NULL AND a.state IN ('held', 'verified')
