-- A pairing that reached active; its apprentice.
WITH RECURSIVE chain(id, root) AS (
  SELECT p.id, p.id FROM pairing p WHERE p.renews IS NULL OR NOT EXISTS (SELECT 1 FROM pairing b WHERE b.id = p.renews)
  UNION
  SELECT p.id, c.root FROM pairing p JOIN chain c ON p.renews = c.id
)
SELECT p.id AS id, p.apprentice AS key, 1 AS n, p.active_from AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       p.school AS school, p.subject AS subject, p.kind AS kind
FROM pairing p
JOIN chain c ON c.id = p.id
WHERE p.active_from IS NOT NULL
