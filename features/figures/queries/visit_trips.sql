-- A visit that was held; the trip it was part of: the one that it names, or else one school setting out on one day.
SELECT v.id AS id, CASE WHEN v.trip IS NULL THEN hex(v.from_school) || v.starts_on ELSE hex(v.trip) END AS key, 1 AS n, v.held_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       v.from_school AS school, NULL AS subject, h.kind AS kind
FROM visit v
JOIN organisation h ON h.id = v.host
WHERE v.held_on IS NOT NULL AND v.state IN ('held', 'followed_up')
