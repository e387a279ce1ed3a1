-- A course of the library that was used with a class, once for each school that used it.
SELECT u.id AS id, hex(u.course) || hex(u.school) AS key, 1 AS n, u.used_on AS day, NULL AS cohort, NULL AS region, NULL AS unit,
       u.school AS school, c.subject AS subject, u.how AS kind
FROM course_use u
LEFT JOIN course c ON c.id = u.course
WHERE u.state = 'used'
