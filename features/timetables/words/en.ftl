timetables = Timetables
timetable = Timetable
timetables-intro = The weeks of the schools that you may see: what each class has, who teaches it, and what nobody does.
timetables-none = No school's timetable is for you to see here yet.
timetable-classes = Classes
timetable-lessons = Lessons a week
timetable-gaps = Without a teacher
timetable-none-yet = No timetable yet.
timetable-no-periods = Begin with the bell times: when each period begins and ends.
timetable-set-periods = Set the bell times
timetable-begin = Name a class above, then fill its week cell by cell, or paste it from a spreadsheet.
timetable-mine = My lessons
timetable-week-of = Week of
timetable-new-class = Another class
timetable-class-example = Grade 3 Class 1
timetable-begin-class = Begin
timetable-n-gaps = { $n } { $n ->
    [one] gap
   *[other] gaps
}
timetable-gaps-n = { $n ->
    [one] { $n } lesson a week without a teacher
   *[other] { $n } lessons a week without a teacher
}
timetable-clashes-n = { $n ->
    [one] { $n } lesson is at once with another
   *[other] { $n } lessons are at once with others
}
timetable-gap = no teacher
timetable-clash = two at once
timetable-add = put a lesson in
timetable-csv-all = The whole school as CSV
timetable-no-lesson = No lesson
timetable-nobody = Nobody: a gap
timetable-save-next = Save, and the next
timetable-emptied = Taken out.
timetable-pasted = The week was taken over.
timetable-copied = The week was copied.
timetable-undo-none = There was nothing to undo.
timetable-live = Hold it as a live class
timetable-until = until { $text }
timetable-gaps-intro = Lessons that nobody teaches now. One can be given a teacher, or be held over the link.
timetable-no-gaps = Every lesson has a teacher.
timetable-copy = Copy this week to another class or another term
timetable-copy-hint = Cells that are filled stay as they are.
timetable-copy-to = To the class
timetable-copy-teachers = With the teachers, where they have nothing else then
timetable-copy-do = Copy
rule-timetable-copy-class = Name the class that the week is copied to.
rule-timetable-copy-nothing = This class has no lesson in that week.
rule-timetable-copy-filled = All those cells are filled already; nothing was copied.
timetable-bad-days = These days are no dates, or the last is before the first.
timetable-paste = Paste a week
timetable-paste-intro = Copy the week in a spreadsheet and paste it here. Every line is checked first; it is taken over whole or not at all.
timetable-paste-class-hint = Where no line names the class.
timetable-paste-text = The week, with its tabs
timetable-paste-hint = A line with the weekdays, and under it a line for each period: its number, name or beginning, then the subject and the teacher of each day. A line with one cell names the class that follows.
timetable-paste-name = Name
timetable-paste-replace = Replace what those cells hold now
timetable-paste-do = Take it over
timetable-paste-check = Check only
timetable-paste-wrong = Nothing was taken over yet
timetable-paste-more = And { $n } more.
timetable-paste-would = All is understood: { $new } new, { $changed } changed, { $same } as they are. Nothing was written yet.
timetable-paste-at = Line { $n }: { $text }
timetable-paste-at-day = Line { $n }, { $day }: { $text }
timetable-paste-much = more lines than one week of a school has.
timetable-paste-day-twice = a weekday stands there twice.
timetable-paste-no-days = no line with the weekdays stands before “{ $text }”.
timetable-paste-no-period = the school has no period “{ $text }”.
timetable-paste-beyond = “{ $text }” stands under no weekday.
timetable-paste-no-subject = no subject is called “{ $text }”.
timetable-paste-no-class = say which class it is.
timetable-paste-long-class = the name of the class is too long: { $text }
timetable-paste-twice = the class has something there already: { $text }
timetable-paste-nothing = no lesson stands there.
timetable-paste-no-teacher = nobody at this school is called “{ $text }”.
timetable-paste-two-teachers = two people at this school are called “{ $text }”: choose in the cell.
timetable-paste-filled = the class has { $text } there. Tick “Replace” to write over it.
timetable-paste-busy = { $text } has another lesson at that time.
timetable-paste-overlaps = { $text } has another lesson at that time.
timetable-from = From the timetable
timetable-adult = Adult who is with the class
timetable-adult-hint = Every room has an adult who answers for the pupils.
rule-timetable-adult = Name the adult who is with the class: somebody of that school.
timetable-weeks = How many weeks, one class each
timetable-weeks-hint = { $n ->
    [one] One week is left.
   *[other] At most { $n }. More than one become a series.
}
timetable-weeks-until = The lesson's last day is { $text }.
rule-timetable-weeks = The number of weeks must be at least one, and end by the lesson's last day.
timetable-at-time = The timetable at that time
timetable-free = free
timetable-gap-in = gap in
timetable-has = has { $text } at that time
timetable-fills = fills the gap in { $text }
timetable-gap-of = nobody teaches { $text } then
timetable-own-lesson = its lesson in { $text }
timetable-unknown = { $n ->
    [one] The timetable of one room is not known here.
   *[other] The timetables of { $n } rooms are not known here.
}
timetable-all-can = When all of them can
timetable-none-can = There is no time from Monday to Friday when all of them can.
timetable-need = In the timetable
timetable-need-in = { $text }:
timetable-need-n = { $n ->
    [one] { $n } lesson a week without a teacher
   *[other] { $n } lessons a week without a teacher
}
timetable-need-none = Every lesson in { $text } has a teacher now.
timetable-today = { $n ->
    [one] You teach one lesson
   *[other] You teach { $n } lessons
}
period = Period
period-list = Bell times
period-empty = No bell times yet. Set them on the page of a school's timetable.
period-position = Number
period-name = Name
period-starts_at = Begins
period-ends_at = Ends
period-nth = Period { $n }
period-intro = When each period begins and ends. They count for the whole school.
period-hint = A row without hours is no period. To take one out, empty its hours.
period-row-wrong = Row { $n }: { $text }
rule-period-hours = A period ends after it begins.
rule-period-once = The school has a period with this number already.
rule-period-meets = Two periods cannot be at the same time.
rule-period-in-use = Lessons stand in this period; take them out first.
timetable_lesson = Lesson of a timetable
timetable_lesson-list = Lessons of timetables
timetable_lesson-empty = No lesson yet. Begin on the page of a school's timetable.
timetable_lesson-class = Class
timetable_lesson-class-hint = The class alone, with its grade; no pupil.
timetable_lesson-grade = Grade
timetable_lesson-weekday = Weekday
timetable_lesson-weekday-monday = Monday
timetable_lesson-weekday-tuesday = Tuesday
timetable_lesson-weekday-wednesday = Wednesday
timetable_lesson-weekday-thursday = Thursday
timetable_lesson-weekday-friday = Friday
timetable_lesson-weekday-saturday = Saturday
timetable_lesson-weekday-sunday = Sunday
timetable_lesson-period = Period
timetable_lesson-teacher = Teacher
timetable_lesson-teacher-hint = Empty: a gap.
timetable_lesson-starts_on = From
timetable_lesson-ends_on = Until
rule-timetable_lesson-days = The last day is before the first.
rule-timetable_lesson-own-period = The period is another school's.
rule-timetable_lesson-class-twice = The class has another lesson at that time.
rule-timetable_lesson-teacher-twice = The teacher has another lesson at that time.
