# Draft, for review by a native teacher. Only words that are certain stand here; the rest falls back.
node = འཕྲུལ་ཆས
node-list = འཕྲུལ་ཆས
nodes = འཕྲུལ་ཆས
node-hub = ལྟེ་གནས
node-school = སློབ་གྲྭའི་འཕྲུལ་ཆས
node-links = འབྲེལ་མཐུད
node-alone = འཕྲུལ་ཆས་འདི་ད་དུང་གཞན་དང་འབྲེལ་མཐུད་བྱས་མེད།
node-cut = ཆད་འདུག
node-sending = གཏོང་བཞིན་པ
node-never = བྱུང་མ་མྱོང
node-last-met = སྔོན་མའི་འབྲེལ་བ
node-waits = གཏོང་རྒྱུ
node-entries = ཟིན་ཐོ་ { $n }
node-entries-word = ཟིན་ཐོ
node-blobs = ཡིག་ཆ་ { $n }
node-rate = མྱུར་ཚད
node-has = འཕྲུལ་ཆས་འདིའི་ནང་དོན
node-payload = ཆེ་ཆུང
node-scopes = ཁྱབ་ཁོངས
node-erased = བསུབས་ཟིན
sign-in-step = མཉམ་འགྲོས
sign-slow = དལ་པོ
sign-left = ད་དུང་ { $n }
sign-cut = { $since } ནས་ཆད
sign-safe = { $n ->
    [0] ཁྱེད་ཀྱི་ལས་ཀ་འདིར་ཉེན་ཁ་མེད
   *[other] { $n } འདིར་སྒུག་ཡོད། ཉེན་ཁ་མེད
}
sign-never = ད་དུང་ཞུགས་མེད
sign-no-schools = ད་དུང་སློབ་གྲྭ་ཞུགས་མེད
sign-hub-lost = སློབ་གྲྭ་ { $n } འབྲེལ་བ་ཆད་འདུག
node-files = ཡིག་ཆ
carry-out = འཁྱེར་བ
carry-in = ནང་ལེན
carry-take = ནང་ལེན
carry-look-again = ཡང་བསྐྱར་ལྟ་བ
neighbours = ཉེ་འགྲམ་འཕྲུལ་ཆས
neighbours-met = འབྲེལ་མཐུད་བྱས་ཟིན
neighbours-away = ལན་མི་འདེབས
neighbours-remove = ཕྱིར་འདོན
neighbours-add = ཉེ་འགྲམ་འཕྲུལ་ཆས་སྣོན་པ
neighbours-address = དྲ་གནས
neighbours-keep = འབྲེལ་མཐུད
node-upper-keep = ཉར་ཚགས
