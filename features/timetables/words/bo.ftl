timetable_lesson-class = འཛིན་གྲྭ
timetable_lesson-teacher = དགེ་རྒན
timetable-classes = འཛིན་གྲྭ
