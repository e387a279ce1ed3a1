# Draft, for review by a native teacher. Only words that are certain stand here; the rest falls back.
timetable_lesson-class = འཛིན་གྲྭ
timetable_lesson-teacher = དགེ་རྒན
timetable-classes = འཛིན་གྲྭ
