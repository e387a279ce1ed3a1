activity = Activity
activity-list = Activities
activity-empty = No activity is recorded yet.
activity-given_by = Given by
activity-visit = In the visit
activity-notes = Notes
activity-notes-hint = Nothing about a single pupil belongs here.
word-lesson = lesson
word-demonstration_lesson = demonstration lesson
word-lecture = lecture
word-training = training
word-research_meeting = research meeting
word-online_research = research meeting online
word-team_meeting = team meeting
word-workshop = workshop
participation = Participation
participation-list = Participations
participation-activity = Activity
participation-part = Part
participation-day = Day
participation-present = Present
word-attends = attends
word-gives = gives
word-organises = organises
headcount = Headcount
headcount-list = Headcounts
headcount-activity = Activity
headcount-category = Who
headcount-day = Day
headcount-number = Number
headcount-basis = Basis
word-local_teachers = local teachers
word-posted_teachers = posted teachers
word-pupils = pupils
word-parents = parents
word-others = others
word-counted = counted
word-estimated = estimated
rule-participation-once = This person is already listed for that day.
rule-headcount-once = There is already such a count for that day.
rule-participation-two-places = Signed in with another host on the same day.
sign-screen = Code for the screen
sign-screen-intro = Who is in the room reads it with a phone that is signed in here, and stands on the list. It is good for today.
sign-n = { $n ->
    [one] One has signed in
   *[other] { $n } have signed in
}
sign-list = List of names
sign-list-intro = tick who is there
sign-list-empty = Nobody of this school is known by name here. Count heads instead.
sign-list-save = Write the list
sign-list-done = The list is written.
sign-in-here = Sign in
sign-ask = You sign in for yourself. It stands in your record of learning.
sign-there = You are on the list.
sign-done = You are on the list.
rule-sign-day = This code is not for today. Read the one on the screen.
rule-sign-over = This activity takes no more names.
learning = What I took part in
learning-n = { $n ->
    [one] once
   *[other] { $n } times
}
learning-own = Only you see this page. Take the file along wherever you go; it has no marks.
learning-take = Take it along
learning-none = Nothing is recorded yet.
headcount-move-verify-other = You entered this number: another head verifies it, or the office.
