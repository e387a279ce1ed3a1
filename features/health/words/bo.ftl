# Draft, for review by a native teacher. What lacks here is shown in the reader's second language.
health_session = འཕྲོད་བསྟེན་ཞབས་ཞུ
health_session-list = འཕྲོད་བསྟེན་ཞབས་ཞུ
health_session-empty = ད་དུང་འཕྲོད་བསྟེན་ཞབས་ཞུའི་ཟིན་ཐོ་མེད། བརྗོད་གཞི་དང་ས་གནས། མི་གྲངས་མ་གཏོགས་མི་སྒེར་གྱི་སྐོར་མི་འགོད།
health_session-topic = བརྗོད་གཞི
health_session-topic-hint = གང་གི་སྐོར་ཡིན་པ། ཡོང་མཁན་མི་སྒེར་གྱི་སྐོར་མ་འབྲི།
health_session-medic = སྨན་པ (མངགས་གཏོང)
health_session-medic_name = སྨན་པའི་མིང (མངགས་གཏོང་མིན་ན)
health_session-number = ཡོང་བའི་མི་གྲངས
health_session-basis = བརྩིས་པའམ་ཚོད་དཔག
rule-health-session-medic = མངགས་གཏོང་སྨན་པ་འདེམས་པའམ་སྨན་པའི་མིང་འབྲི་རོགས།
rule-health-session-by-a-medic = མངགས་གཏོང་འདི་སྨན་པ་མིན།
rule-health-session-medic-there = ཉིན་དེར་སྨན་པ་སློབ་གྲྭར་མེད།
rule-health-session-number = སྤེལ་ཟིན་པའི་འཕྲོད་བསྟེན་ཞབས་ཞུར་ཚེས་གྲངས་དང་ཡོང་བའི་མི་གྲངས། བརྩིས་པའམ་ཚོད་དཔག་ཡིན་པ་བཅས་འབྲི་དགོས།
