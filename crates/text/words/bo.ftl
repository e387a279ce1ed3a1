### DRAFT, for review by a native teacher. Only words that are certain stand here; whatever is left
### out falls back to the reader's second language. A day is written in figures (year-month-day).
### Room: text.

month-name = ཟླ་ { $month }
weekday-name = { $weekday ->
    [1] གཟའ་ཟླ་བ
    [2] གཟའ་མིག་དམར
    [3] གཟའ་ལྷག་པ
    [4] གཟའ་ཕུར་བུ
    [5] གཟའ་པ་སངས
    [6] གཟའ་སྤེན་པ
    [7] གཟའ་ཉི་མ
   *[other] { $weekday }
}
date-day = { $year }-{ $month2 }-{ $day2 }
date-weekday = { date-day } { weekday-name }
date-month = { $year } { month-name }
date-moment = { date-day } { $time }

ago-now = ད་ལྟ་རང
ago-minutes = སྐར་མ་ { $count } སྔོན
ago-hours = ཆུ་ཚོད་ { $count } སྔོན
ago-days = ཉིན་ { $count } སྔོན

ago-months = ཟླ་བ་ { $count } སྔོན
ago-years = ལོ་ { $count } སྔོན
ahead-minutes = སྐར་མ་ { $count } རྗེས
ahead-hours = ཆུ་ཚོད་ { $count } རྗེས
ahead-days = ཉིན་ { $count } རྗེས
