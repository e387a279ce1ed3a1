-- A team that is active now, with three members or more on the day of counting and a meeting held; the day is that
-- on which the last of that had come about.
WITH three AS (
  SELECT s.team AS team, min(s.from_on) AS day FROM membership s
  WHERE s.part <> 'guest' AND (SELECT count(DISTINCT m.person) FROM membership m WHERE m.team = s.team AND m.part <> 'guest'
    AND m.from_on <= s.from_on AND coalesce(m.until_on, '9999') >= s.from_on) >= 3
  GROUP BY s.team
), met AS (
  SELECT team, min(held_on) AS day FROM activity WHERE held_on IS NOT NULL AND state IN ('held', 'verified') GROUP BY team
)
SELECT t.id AS id, t.id AS key, 1 AS n, max(t.active_from, h.day, m.day) AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       t.school AS school, t.subject AS subject, t.kind AS kind
FROM team t
JOIN three h ON h.team = t.id
JOIN met m ON m.team = t.id
WHERE t.active_from IS NOT NULL
  AND t.state = 'active'
  AND (SELECT count(DISTINCT m.person) FROM membership m WHERE m.team = t.id AND m.part <> 'guest'
         AND m.from_on <= ?1 AND coalesce(m.until_on, '9999') >= ?1) >= 3
