//! Where the programme is. The regions are those of the public account; schools and townships are invented.

/// A region that sends people: Chinese, English, the key by which it sorts, and whether it is a city or a province.
pub(crate) type Region = (&'static str, &'static str, &'static str, &'static str);

/// A supported school: what stands after the place's name, in Chinese and English, and the stages it teaches.
pub(crate) type SchoolName = (&'static str, &'static str, &'static [&'static str]);

/// A prefecture or city of Xizang with its supported schools, and the regions that are paired with it.
pub(crate) struct Place {
    pub zh: &'static str,
    pub en: &'static str,
    pub bo: &'static str,
    pub senders: &'static [Region],
    pub schools: &'static [SchoolName],
}

const CITY: &str = "city";
const PROVINCE: &str = "province";

const PRIMARY: &[&str] = &["primary"];
const MIDDLE: &[&str] = &["junior", "senior"];
const WHOLE: &[&str] = &["primary", "junior"];
const JUNIOR: &[&str] = &["junior"];
const SENIOR: &[&str] = &["senior"];
const VOCATIONAL: &[&str] = &["vocational"];

/// The seven, with 17 regions and 21 supported schools in all; the last school joined with the second cohort.
pub(crate) const PLACES: [Place; 7] = [
    Place {
        zh: "拉萨市",
        en: "Lhasa",
        bo: "ལྷ་ས",
        senders: &[("北京市", "Beijing", "beijing", CITY), ("江苏省", "Jiangsu", "jiangsu", PROVINCE)],
        schools: &[
            ("晨光中学", "Chenguang Secondary School", MIDDLE),
            ("雪松小学", "Xuesong Primary School", PRIMARY),
            ("河畔实验学校", "Hepan Experimental School", WHOLE),
            ("长桥高级中学", "Changqiao Senior Secondary School", SENIOR),
        ],
    },
    Place {
        zh: "日喀则市",
        en: "Xigazê",
        bo: "གཞིས་ཀ་རྩེ",
        senders: &[
            ("上海市", "Shanghai", "shanghai", CITY),
            ("山东省", "Shandong", "shandong", PROVINCE),
            ("黑龙江省", "Heilongjiang", "heilongjiang", PROVINCE),
            ("吉林省", "Jilin", "jilin", PROVINCE),
        ],
        schools: &[
            ("同心高级中学", "Tongxin Senior Secondary School", SENIOR),
            ("麦田中学", "Maitian Secondary School", MIDDLE),
            ("星河小学", "Xinghe Primary School", PRIMARY),
            ("启明职业学校", "Qiming Vocational School", VOCATIONAL),
        ],
    },
    Place {
        zh: "昌都市",
        en: "Chamdo",
        bo: "ཆབ་མདོ",
        senders: &[("天津市", "Tianjin", "tianjin", CITY), ("重庆市", "Chongqing", "chongqing", CITY)],
        schools: &[
            ("三江汇中学", "Sanjianghui Secondary School", MIDDLE),
            ("红松小学", "Hongsong Primary School", PRIMARY),
            ("远山实验学校", "Yuanshan Experimental School", WHOLE),
        ],
    },
    Place {
        zh: "山南市",
        en: "Shannan",
        bo: "ལྷོ་ཁ",
        senders: &[
            ("湖北省", "Hubei", "hubei", PROVINCE),
            ("湖南省", "Hunan", "hunan", PROVINCE),
            ("安徽省", "Anhui", "anhui", PROVINCE),
        ],
        schools: &[
            ("春耕中学", "Chungeng Secondary School", MIDDLE),
            ("柳岸小学", "Liu'an Primary School", PRIMARY),
            ("谷雨初级中学", "Guyu Junior Secondary School", JUNIOR),
        ],
    },
    Place {
        zh: "林芝市",
        en: "Nyingchi",
        bo: "ཉིང་ཁྲི",
        senders: &[("广东省", "Guangdong", "guangdong", PROVINCE), ("福建省", "Fujian", "fujian", PROVINCE)],
        schools: &[
            ("桃花谷中学", "Taohuagu Secondary School", MIDDLE),
            ("云杉小学", "Yunshan Primary School", PRIMARY),
        ],
    },
    Place {
        zh: "那曲市",
        en: "Nagqu",
        bo: "ནག་ཆུ",
        senders: &[("浙江省", "Zhejiang", "zhejiang", PROVINCE), ("辽宁省", "Liaoning", "liaoning", PROVINCE)],
        schools: &[
            ("草原之星中学", "Caoyuan zhi Xing Secondary School", MIDDLE),
            ("格桑花小学", "Gesanghua Primary School", PRIMARY),
            ("北风实验学校", "Beifeng Experimental School", WHOLE),
        ],
    },
    Place {
        zh: "阿里地区",
        en: "Ngari",
        bo: "མངའ་རིས",
        senders: &[("河北省", "Hebei", "hebei", PROVINCE), ("陕西省", "Shaanxi", "shaanxi", PROVINCE)],
        schools: &[
            ("高原明珠中学", "Gaoyuan Mingzhu Secondary School", MIDDLE),
            ("湖光小学", "Huguang Primary School", PRIMARY),
        ],
    },
];

/// Units that are of no province or city: each is a region of its own.
pub(crate) const OTHER_UNITS: [(&str, &str, &str); 4] = [
    ("高校支教协作组", "Universities' Teaching Group", "gaoxiao"),
    ("附属中学联合体", "Union of Affiliated Secondary Schools", "fushu"),
    ("数字课程协作中心", "Digital Courses Centre", "shuzi"),
    ("青年科普志愿团", "Young Science Volunteers", "qingnian"),
];

/// Invented townships: Chinese, English.
pub(crate) const TOWNSHIPS: [(&str, &str); 36] = [
    ("青稞", "Qingke"),
    ("杨柳", "Yangliu"),
    ("雪莲", "Xuelian"),
    ("鹰湖", "Yinghu"),
    ("白石", "Baishi"),
    ("泉眼", "Quanyan"),
    ("风马", "Fengma"),
    ("黄土坡", "Huangtupo"),
    ("月亮湾", "Yueliangwan"),
    ("双河", "Shuanghe"),
    ("马场", "Machang"),
    ("石桥", "Shiqiao"),
    ("云顶", "Yunding"),
    ("盐井坝", "Yanjingba"),
    ("野花沟", "Yehuagou"),
    ("草坝", "Caoba"),
    ("日光", "Riguang"),
    ("松林口", "Songlinkou"),
    ("牧歌", "Muge"),
    ("银滩", "Yintan"),
    ("核桃沟", "Hetaogou"),
    ("羊卓坪", "Yangzhuoping"),
    ("鹤滩", "Hetan"),
    ("银杏坡", "Yinxingpo"),
    ("小渡口", "Xiaodukou"),
    ("温泉坝", "Wenquanba"),
    ("高坪", "Gaoping"),
    ("药草湾", "Yaocaowan"),
    ("河口坝", "Hekouba"),
    ("红柳滩", "Hongliutan"),
    ("星宿坪", "Xingxiuping"),
    ("桑树沟", "Sangshugou"),
    ("苹果园", "Pingguoyuan"),
    ("水磨", "Shuimo"),
    ("长草甸", "Changcaodian"),
    ("雁来", "Yanlai"),
];
