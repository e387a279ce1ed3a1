-- Of those, teams that are active now, with three members or more on the day of counting.
  AND t.state = 'active'
  AND (SELECT count(DISTINCT m.person) FROM membership m WHERE m.team = t.id AND m.part <> 'guest'
         AND m.from_on <= ?1 AND coalesce(m.until_on, '9999') >= ?1) >= 3
