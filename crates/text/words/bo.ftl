### DRAFT, for review by a native teacher. Only words that are certain stand here; whatever is left
### out falls back to the reader's second language. A day is written in figures (year-month-day).
### Room: text.

month-name = ཟླ་ { $month }
date-day = { $year }-{ $month2 }-{ $day2 }
date-month = { $year } { month-name }
date-moment = { date-day } { $time }
