live_class-teacher = དགེ་རྒན
class_room-school = སློབ་གྲྭ
