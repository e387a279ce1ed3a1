//! What regions are called in other languages: provinces, and the prefectures of the plateau. Records hold a region as people
//! typed it, in Chinese; nobody is asked to translate what is the same everywhere.

use base::Lang;

/// In Chinese in full, in English, in Tibetan where that is in use.
const REGIONS: [(&str, &str, &str); 51] = [
    ("北京市", "Beijing", "པེ་ཅིན"),
    ("天津市", "Tianjin", ""),
    ("河北省", "Hebei", ""),
    ("山西省", "Shanxi", ""),
    ("内蒙古自治区", "Inner Mongolia", ""),
    ("辽宁省", "Liaoning", ""),
    ("吉林省", "Jilin", ""),
    ("黑龙江省", "Heilongjiang", ""),
    ("上海市", "Shanghai", ""),
    ("江苏省", "Jiangsu", ""),
    ("浙江省", "Zhejiang", ""),
    ("安徽省", "Anhui", ""),
    ("福建省", "Fujian", ""),
    ("江西省", "Jiangxi", ""),
    ("山东省", "Shandong", ""),
    ("河南省", "Henan", ""),
    ("湖北省", "Hubei", ""),
    ("湖南省", "Hunan", ""),
    ("广东省", "Guangdong", ""),
    ("广西壮族自治区", "Guangxi", ""),
    ("海南省", "Hainan", ""),
    ("重庆市", "Chongqing", ""),
    ("四川省", "Sichuan", "སི་ཁྲོན"),
    ("贵州省", "Guizhou", ""),
    ("云南省", "Yunnan", "ཡུན་ནན"),
    ("西藏自治区", "Xizang", "བོད་ལྗོངས"),
    ("陕西省", "Shaanxi", ""),
    ("甘肃省", "Gansu", "ཀན་སུའུ"),
    ("青海省", "Qinghai", "མཚོ་སྔོན"),
    ("宁夏回族自治区", "Ningxia", ""),
    ("新疆维吾尔自治区", "Xinjiang", ""),
    ("香港特别行政区", "Hong Kong", ""),
    ("澳门特别行政区", "Macao", ""),
    ("台湾省", "Taiwan", ""),
    ("拉萨市", "Lhasa", "ལྷ་ས"),
    ("日喀则市", "Xigazê", "གཞིས་ཀ་རྩེ"),
    ("昌都市", "Chamdo", "ཆབ་མདོ"),
    ("林芝市", "Nyingchi", "ཉིང་ཁྲི"),
    ("山南市", "Shannan", "ལྷོ་ཁ"),
    ("那曲市", "Nagqu", "ནག་ཆུ"),
    ("阿里地区", "Ngari", "མངའ་རིས"),
    ("玉树藏族自治州", "Yushu", "ཡུལ་ཤུལ"),
    ("果洛藏族自治州", "Golog", "མགོ་ལོག"),
    ("黄南藏族自治州", "Huangnan", "རྨ་ལྷོ"),
    ("海北藏族自治州", "Haibei", "མཚོ་བྱང"),
    ("海南藏族自治州", "Hainan Prefecture", "མཚོ་ལྷོ"),
    ("海西蒙古族藏族自治州", "Haixi", "མཚོ་ནུབ"),
    ("甘孜藏族自治州", "Garzê", "དཀར་མཛེས"),
    ("阿坝藏族羌族自治州", "Ngawa", "རྔ་བ"),
    ("迪庆藏族自治州", "Dêqên", "བདེ་ཆེན"),
    ("甘南藏族自治州", "Gannan", "ཀན་ལྷོ"),
];

/// What a region is called in a language; nothing where that is not known. It may be typed without what it is: 北京, 西藏.
pub fn region_in(lang: Lang, region: &str) -> Option<&'static str> {
    let long_enough = region.chars().count() > 1;
    let found = REGIONS.iter().find(|(zh, ..)| *zh == region || long_enough && zh.starts_with(region));
    let (_, en, bo) = found?;
    match lang {
        Lang::Zh => None,
        Lang::Bo => Some(*bo).filter(|said| !said.is_empty()),
        Lang::En => Some(en),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_called_in_the_reader_s_language_where_that_is_known() {
        assert_eq!(region_in(Lang::En, "林芝市"), Some("Nyingchi"));
        assert_eq!(region_in(Lang::Bo, "林芝市"), Some("ཉིང་ཁྲི"));
        assert_eq!(region_in(Lang::En, "西藏"), Some("Xizang"));
        assert_eq!(region_in(Lang::En, "海南"), Some("Hainan"), "the province, where nothing more is said");
        assert_eq!(region_in(Lang::Bo, "广东省"), None);
        assert_eq!(region_in(Lang::Zh, "广东省"), None, "as it was typed");
        assert_eq!(region_in(Lang::En, "高校支教协作组"), None);
        assert_eq!(region_in(Lang::En, ""), None);
    }
}
