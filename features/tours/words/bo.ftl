# Draft, for review by a native teacher. Only words that are certain stand here; the rest falls back.
tour-pupils = སློབ་མ།
tour-pupil-class = འཛིན་གྲྭ།
