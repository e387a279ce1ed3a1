-- Of those, teams other than a studio.
  AND t.kind <> 'studio'
