//! Invented names of people.

use crate::chance::Chance;

/// A name as shown, and the same in other scripts.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub zh: String,
    pub others: Vec<(&'static str, String)>,
}

#[rustfmt::skip] // a table is read by its columns
const FAMILY: [(&str, &str); 48] = [
    ("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"), ("陈", "Chen"), ("杨", "Yang"),
    ("赵", "Zhao"), ("黄", "Huang"), ("周", "Zhou"), ("吴", "Wu"), ("徐", "Xu"), ("孙", "Sun"),
    ("胡", "Hu"), ("朱", "Zhu"), ("高", "Gao"), ("林", "Lin"), ("何", "He"), ("郭", "Guo"),
    ("马", "Ma"), ("罗", "Luo"), ("梁", "Liang"), ("宋", "Song"), ("郑", "Zheng"), ("谢", "Xie"),
    ("韩", "Han"), ("唐", "Tang"), ("冯", "Feng"), ("于", "Yu"), ("董", "Dong"), ("萧", "Xiao"),
    ("程", "Cheng"), ("曹", "Cao"), ("袁", "Yuan"), ("邓", "Deng"), ("许", "Xu"), ("傅", "Fu"),
    ("沈", "Shen"), ("彭", "Peng"), ("吕", "Lü"), ("苏", "Su"), ("卢", "Lu"), ("蒋", "Jiang"),
    ("蔡", "Cai"), ("贾", "Jia"), ("丁", "Ding"), ("魏", "Wei"), ("薛", "Xue"), ("叶", "Ye"),
];

#[rustfmt::skip] // a table is read by its columns
const GIVEN: [(&str, &str); 40] = [
    ("晓", "xiao"), ("文", "wen"), ("海", "hai"), ("明", "ming"), ("丽", "li"), ("建", "jian"),
    ("志", "zhi"), ("雪", "xue"), ("春", "chun"), ("秋", "qiu"), ("云", "yun"), ("思", "si"),
    ("宇", "yu"), ("佳", "jia"), ("国", "guo"), ("永", "yong"), ("淑", "shu"), ("慧", "hui"),
    ("立", "li"), ("兰", "lan"), ("平", "ping"), ("庆", "qing"), ("华", "hua"), ("芳", "fang"),
    ("伟", "wei"), ("敏", "min"), ("静", "jing"), ("强", "qiang"), ("涛", "tao"), ("洁", "jie"),
    ("岩", "yan"), ("帆", "fan"), ("宁", "ning"), ("波", "bo"), ("梅", "mei"), ("竹", "zhu"),
    ("辉", "hui"), ("彬", "bin"), ("琳", "lin"), ("远", "yuan"),
];

type Tibetan = (&'static str, &'static str, &'static str);

#[rustfmt::skip] // a table is read by its columns
const FIRST: [Tibetan; 18] = [
    ("扎西", "བཀྲ་ཤིས", "Tashi"), ("次仁", "ཚེ་རིང", "Tsering"), ("白玛", "པདྨ", "Pema"),
    ("尼玛", "ཉི་མ", "Nyima"), ("达瓦", "ཟླ་བ", "Dawa"), ("格桑", "སྐལ་བཟང", "Kelsang"),
    ("丹增", "བསྟན་འཛིན", "Tenzin"), ("索朗", "བསོད་ནམས", "Sonam"), ("边巴", "སྤེན་པ", "Penpa"),
    ("普布", "ཕུར་བུ", "Phurbu"), ("巴桑", "པ་སངས", "Pasang"), ("米玛", "མིག་དམར", "Migmar"),
    ("拉巴", "ལྷག་པ", "Lhakpa"), ("洛桑", "བློ་བཟང", "Lobsang"), ("强巴", "བྱམས་པ", "Jampa"),
    ("罗布", "ནོར་བུ", "Norbu"), ("德吉", "བདེ་སྐྱིད", "Deki"),
    ("平措", "ཕུན་ཚོགས", "Phuntsok"),
];

#[rustfmt::skip] // a table is read by its columns
const SECOND: [Tibetan; 16] = [
    ("卓玛", "སྒྲོལ་མ", "Dolma"), ("拉姆", "ལྷ་མོ", "Lhamo"), ("央金", "དབྱངས་ཅན", "Yangchen"),
    ("卓嘎", "སྒྲོལ་དཀར", "Dolkar"), ("旺姆", "དབང་མོ", "Wangmo"), ("曲珍", "ཆོས་སྒྲོན", "Chodron"),
    ("玉珍", "གཡུ་སྒྲོན", "Yudron"), ("德吉", "བདེ་སྐྱིད", "Deki"), ("多吉", "རྡོ་རྗེ", "Dorje"),
    ("罗布", "ནོར་བུ", "Norbu"), ("顿珠", "དོན་གྲུབ", "Dondrup"), ("平措", "ཕུན་ཚོགས", "Phuntsok"),
    ("旺堆", "དབང་འདུས", "Wangdu"), ("次仁", "ཚེ་རིང", "Tsering"), ("扎西", "བཀྲ་ཤིས", "Tashi"),
    ("嘉措", "རྒྱ་མཚོ", "Gyatso"),
];

/// A name in the Chinese way: one of family, one or two signs of one's own.
pub(crate) fn chinese(chance: &mut Chance) -> Name {
    let empty = ("", "");
    let family = chance.pick(&FAMILY).copied().unwrap_or(empty);
    let one = chance.pick(&GIVEN).copied().unwrap_or(empty);
    let two = if chance.percent(78) { chance.pick(&GIVEN).copied() } else { None };
    let two = two.filter(|t| t.0 != one.0).unwrap_or(empty);
    Name {
        zh: format!("{}{}{}", family.0, one.0, two.0),
        others: vec![("en", format!("{} {}{}", family.1, capital(one.1), two.1))],
    }
}

/// A name in the Tibetan way, which has no family's: two names, now and then one.
pub(crate) fn tibetan(chance: &mut Chance) -> Name {
    let empty = ("", "", "");
    let one = chance.pick(&FIRST).copied().unwrap_or(empty);
    let two = chance.pick(&SECOND).copied().filter(|t| t.0 != one.0);
    match two {
        Some(two) => Name {
            zh: format!("{}{}", one.0, two.0),
            others: vec![("bo", format!("{}་{}", one.1, two.1)), ("en", format!("{} {}", one.2, two.2))],
        },
        None => Name { zh: one.0.to_owned(), others: vec![("bo", one.1.to_owned()), ("en", one.2.to_owned())] },
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
