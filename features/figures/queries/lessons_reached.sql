-- A live class that was held, once for each school of which a room was there; the school that it came from is not reached by it.
-- At which teachers met, for research or to prepare together, no lesson reached anybody.
SELECT r.id AS id, hex(r.class) || hex(r.school) AS key, 1 AS n, c.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       r.school AS school, c.subject AS subject, c.kind AS kind
FROM class_room r
JOIN live_class c ON c.id = r.class
WHERE c.state = 'held' AND c.held_on IS NOT NULL AND r.school IS NOT c.origin
  AND coalesce(c.kind, '') NOT IN ('research', 'preparation')
  AND (r.headcount > 0 OR r.present_minutes > 0)
