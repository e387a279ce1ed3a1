-- A team that reached active, with three members or more and a meeting held.
SELECT t.id AS id, t.id AS key, 1 AS n, t.active_from AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       t.school AS school, t.subject AS subject, t.kind AS kind
FROM team t
WHERE t.active_from IS NOT NULL
  AND (SELECT count(DISTINCT m.person) FROM membership m WHERE m.team = t.id AND m.part <> 'guest') >= 3
  AND EXISTS (SELECT 1 FROM activity a WHERE a.team = t.id AND a.held_on IS NOT NULL AND a.state IN ('held', 'verified'))
