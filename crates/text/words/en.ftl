### Words of the languages mechanism itself: dates and times. Room: text.

month-name = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
    [12] December
   *[other] { $month }
}
weekday-name = { $weekday ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
    [7] Sunday
   *[other] { $weekday }
}
date-day = { $day } { month-name } { $year }
date-weekday = { weekday-name }, { date-day }
date-month = { month-name } { $year }
date-moment = { date-day }, { $time }

ago-now = just now
ago-minutes = { $count } min ago
ago-hours = { $count } h ago
ago-days = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}
# From 61 days and from 731 days on, so never one.
ago-months = { $count } months ago
ago-years = { $count } years ago
ahead-minutes = in { $count } min
ahead-hours = in { $count } h
ahead-days = { $count ->
    [one] in 1 day
   *[other] in { $count } days
}
