team = Team
team-list = Teams
team-empty = No team is recorded yet. A team counts once three people have joined and one meeting was held.
team-lead = Lead
team-plan = What it works on
team-active_from = Active from
word-studio = teaching studio
word-research_team = research team
word-association = association
membership = Membership
membership-list = Members
membership-part = Part
membership-from_on = From
membership-until_on = Until
membership-team = Team
word-lead = lead
word-member = member
word-guest = guest
rule-membership-once = This person is already a member in that time.
team-term-open = Open this term
team-terms = Terms
team-add-term = Plan a term
team-add-meeting = Plan or record a meeting
team-no-terms = No term is planned and nothing was held yet. A planned term gathers by itself what the team holds and makes in its days.
team-term-bare = Nothing lies in these days yet.
team-no-term = In no term
team-held-all = Held and made so far
team-counts = This team counts
team-counts-not = This team does not count yet
team-counts-closed = This team is closed; the figure of teams that ever met goes on counting it
team-add-member = Add a member
team-no-members = Nobody belongs to it at present.
team-left = Have left
team-since = since { $day }
team-begun = It began on { $day }.
team-not-begun = It has not begun: record that it begins.
team-of-three = { $n ->
    [one] One member at one time so far. Three are asked; guests are not counted.
   *[other] { $n } members at one time so far. Three are asked; guests are not counted.
 }
team-met = It first met on { $day }.
team-not-met = No meeting was held yet.
team-were-there = { $n } of { $of } members were there
team-others-there = { $n ->
    [one] one other
   *[other] { $n } others
 }
team-add-cycle = Begin a cycle
team-no-cycles = A cycle takes one question through one lesson: plan it, teach it, observe it, revise it, teach it again elsewhere.
team-add-output = Add what was made
team-no-outputs = Lesson plans and courses that came of the team's work stand here.
team_term = Term of a team
team_term-list = Terms of teams
team_term-empty = No team has planned a term yet.
team_term-team = Team
team_term-title = Term
team_term-from_on = From
team_term-until_on = Until
team_term-aims = What the team means to do
rule-team_term-once = This team has another term in these days.
team_output = Made by the team
team_output-list = What the team made
team_output-empty = No team has named what it made yet.
team_output-team = Team
team_output-plan = Lesson plan
team_output-course = Course
team_output-made_on = Made on
team_output-note = Note
rule-team_output-of-what = Choose the lesson plan or the course that it is.
research_cycle = Cycle of research lessons
research_cycle-list = Cycles of research lessons
research_cycle-empty = No cycle was begun yet. A team begins one on its page.
research_cycle-question = What you want to find out
research_cycle-question-hint = About the lesson and how pupils learn in it, not about who teaches.
research_cycle-team = Team
research_cycle-starts_on = Begins on
research_cycle-plan = Lesson plan
research_cycle-learned = What was learned
research_cycle-move-close = Close the cycle
research_cycle-move-reopen = Take up again
research_lesson = Research lesson
research_lesson-list = Research lessons
research_lesson-empty = No research lesson is planned yet. Begin with a cycle.
research_lesson-cycle = Cycle
research_lesson-from_school = Planned by
research_lesson-grade = Class
research_lesson-starts_on = Planned for
research_lesson-given_by = Taught by
research_lesson-observers = Observed by
research_lesson-taught_on = Taught on
research_lesson-seen = What was seen
research_lesson-seen-hint = What pupils did, said and wrote, without names. Not about who taught.
research_lesson-revised = What is revised
research_lesson-state-taught = taught
research_lesson-state-observed = observed
research_lesson-state-revised = revised
research_lesson-move-teach = Record as taught
research_lesson-move-observe = Record what was seen
research_lesson-move-revise = Record what is revised
research_lesson-move-cancel = Cancel
cycle-taught = { $n ->
    [0] not taught yet
    [one] taught once
   *[other] taught { $n } times at { $schools ->
        [one] one school
       *[other] { $schools } schools
    }
 }
cycle-lesson = Lesson { $n }
cycle-step-plan = Plan
cycle-step-teach = Teach
cycle-step-observe = Observe
cycle-step-revise = Revise
cycle-step-again = Teach again
cycle-no-plan = No lesson plan is chosen yet.
cycle-choose-plan = Choose one
cycle-add-lesson = Plan the first lesson
cycle-add-again = Teach it again
cycle-next-teach = Record as taught
cycle-next-observe = Record what was seen
cycle-next-revise = Record what is revised
