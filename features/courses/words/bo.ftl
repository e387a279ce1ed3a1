course = སློབ་ཚན།
resource-course = སློབ་ཚན།
course_review-course = སློབ་ཚན།
course_use-course = སློབ་ཚན།
course_use-class = འཛིན་གྲྭ།
course-minutes = སྐར་མ།
course-grade = ལོ་རིམ།
