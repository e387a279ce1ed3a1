-- Training at a school (?2) by somebody of a unit (?1), held from ?3 to ?4: per activity the person-times of local
-- teachers, for each day the larger of those named and the verified count.
SELECT a.id, a.held_on,
       coalesce((SELECT sum(d.n) FROM (
           SELECT b.day, max(b.n) AS n FROM (
             SELECT p.day AS day, count(DISTINCT p.person) AS n FROM participation p
             JOIN person w ON w.id = p.person AND coalesce(p.school, w.school) IS NOT NULL
             WHERE p.activity = a.id AND p.part = 'attends' AND p.present = 1
               AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.person AND g.role IN ('device', 'pupil'))
             GROUP BY p.day
             UNION ALL
             SELECT h.day, max(h.number) FROM headcount h
             WHERE h.activity = a.id AND h.category = 'local_teachers' AND h.basis = 'counted' AND h.state = 'verified'
             GROUP BY h.day) b
           GROUP BY b.day) d), 0)
FROM activity a
JOIN organisation s ON s.id = a.school
WHERE (s.id = ?2 OR s.parent = ?2) AND a.kind = 'training' AND a.state IN ('held', 'verified')
  AND a.held_on >= ?3 AND a.held_on <= ?4
  AND EXISTS (SELECT 1 FROM activity_given_by g
              WHERE g.id = a.id
                AND (EXISTS (SELECT 1 FROM person w WHERE w.id = g.value AND w.unit = ?1)
                     OR EXISTS (SELECT 1 FROM posting p WHERE p.person = g.value AND p.sender = ?1
                                AND p.arrived_on <= a.held_on AND coalesce(p.ended_on, p.ends_on) >= a.held_on)))
