### 语言机制自身的用语：日期与时间。房间：text。

weekday-name = { $weekday ->
    [1] 星期一
    [2] 星期二
    [3] 星期三
    [4] 星期四
    [5] 星期五
    [6] 星期六
    [7] 星期日
   *[other] { $weekday }
}
month-name = { $month }月
date-day = { $year }年{ $month }月{ $day }日
date-weekday = { date-day } { weekday-name }
date-month = { $year }年{ $month }月
date-moment = { date-day } { $time }

ago-now = 刚刚
ago-minutes = { $count }分钟前
ago-hours = { $count }小时前
ago-days = { $count }天前
ago-months = { $count }个月前
ago-years = { $count }年前
ahead-minutes = { $count }分钟后
ahead-hours = { $count }小时后
ahead-days = { $count }天后
