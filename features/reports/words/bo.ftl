# Draft, for review by a native teacher. Only words that are certain stand here; the rest falls back.
report-year = སློབ་ལོ
report-term = སློབ་དུས
report-whole-year = ལོ་གང
report-autumn = སྟོན་དུས་སློབ་དུས
report-spring = དཔྱིད་དུས་སློབ་དུས
report-file = ཡིག་ཆ
report-holds = ནང་དོན
report-save = ཕབ་ལེན
report-version = པར་གཞི
report-education = སློབ་གསོ
report-what = བསྡོམས་རྩིས
report-roster-a-school = སློབ་གྲྭ
