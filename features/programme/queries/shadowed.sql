-- Reverse postings of a school (?2) to a unit (?1), or to a school of it, that arrived from ?3 to ?4.
SELECT p.id, p.arrived_on, 1
FROM reverse_posting p
JOIN organisation h ON h.id = p.host
WHERE p.school = ?2 AND (h.id = ?1 OR h.parent = ?1) AND p.state IN ('arrived', 'completed', 'ended_early')
  AND p.arrived_on >= ?3 AND p.arrived_on <= ?4
