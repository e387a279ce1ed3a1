-- A local teacher named as present at an activity that was held; the teacher.
SELECT p.id AS id, p.person AS key, 1 AS n, p.day AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       a.school AS school, NULL AS subject, a.kind AS kind
FROM participation p
JOIN person w ON w.id = p.person AND coalesce(p.school, w.school) IS NOT NULL
JOIN activity a ON a.id = p.activity
WHERE p.part = 'attends' AND p.present = 1 AND a.held_on IS NOT NULL AND a.state IN ('held', 'verified')
  AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.person AND g.role IN ('device', 'pupil'))
