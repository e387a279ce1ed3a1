# Draft, for review by a native teacher. Only words that are certain stand here; the rest falls back.
field-school = སློབ་གྲྭ
word-teacher = དགེ་རྒན
word-bo = བོད་སྐད
word-tibetan = བོད་ཡིག
word-english = དབྱིན་ཡིག
word-chinese = རྒྱ་ཡིག
word-mathematics = ཨང་རྩིས
field-subject = སློབ་ཚན
field-subjects = སློབ་ཚན
