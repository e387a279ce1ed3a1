-- Postings of a unit (?1) to a school (?2) that arrived from ?3 to ?4.
SELECT p.id, p.arrived_on, 1
FROM posting p
JOIN organisation s ON s.id = p.school
WHERE p.sender = ?1 AND (s.id = ?2 OR s.parent = ?2) AND p.state IN ('arrived', 'completed', 'ended_early')
  AND p.arrived_on >= ?3 AND p.arrived_on <= ?4
