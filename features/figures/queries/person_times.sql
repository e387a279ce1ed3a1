-- An activity that was held, on one day: the larger of the local teachers named and the verified count.
WITH named AS (
  SELECT p.activity AS activity, p.day AS day, count(DISTINCT p.person) AS n
  FROM participation p JOIN person w ON w.id = p.person AND coalesce(p.school, w.school) IS NOT NULL
  WHERE p.part = 'attends' AND p.present = 1
    AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.person AND g.role IN ('device', 'pupil'))
  GROUP BY p.activity, p.day
), counted AS (
  SELECT activity, day, max(number) AS n FROM headcount
  WHERE category = 'local_teachers' AND basis = 'counted' AND state = 'verified' GROUP BY activity, day
), both_ AS (
  SELECT activity, day, max(n) AS n FROM (SELECT * FROM named UNION ALL SELECT * FROM counted) GROUP BY activity, day
)
SELECT a.id AS id, hex(a.id) || b.day AS key, b.n AS n, b.day AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       a.school AS school, NULL AS subject, a.kind AS kind
FROM both_ b
JOIN activity a ON a.id = b.activity
WHERE a.held_on IS NOT NULL AND a.state IN ('held', 'verified') AND b.n > 0
