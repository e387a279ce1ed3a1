# Drafts wait for a native teacher; where a word is missing, the reader's second language stands.
observation-teacher = དགེ་རྒན
observe-teacher-talk = དགེ་རྒན
observe-pupil-talk = སློབ་མ
