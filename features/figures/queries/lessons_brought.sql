-- Lessons that visitors gave, at the school where they gave them.
SELECT v.id AS id, v.id AS key, coalesce(v.lessons, 0) AS n, v.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       v.host AS school, NULL AS subject, NULL AS kind
FROM visit v
WHERE v.held_on IS NOT NULL AND v.state IN ('held', 'followed_up') AND v.lessons > 0
