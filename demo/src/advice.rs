//! What visitors write: purposes, advice, and what became of it.

use crate::chance::Chance;

const PURPOSES: [&str; 10] = [
    "送教下乡：示范课与评课",
    "听课、评课和集体备课",
    "复式教学指导",
    "低年级识字教学示范",
    "双语数学词汇教学",
    "实验课送教",
    "音体美课程送教",
    "教研活动下乡",
    "班主任工作交流",
    "学校管理与课表编排指导",
];
const OBSERVED: [&str; 10] = [
    "课堂导入用了本地物产，学生愿意开口。",
    "板书层次清楚，学生抄写时间偏长。",
    "提问集中在前排，后排学生发言少。",
    "两个年级同室上课，动静搭配安排得当。",
    "教师讲解细致，学生动手时间不足。",
    "小组分工明确，汇报环节可以再紧凑。",
    "练习题量合适，缺少分层。",
    "学具自制得好，值得其他班借用。",
    "朗读示范到位，学生跟读积极。",
    "作业批改及时，反馈可以更具体。",
];
const ADVISED: [&str; 12] = [
    "建议每节课留出十分钟给学生动手。",
    "建议黑板左侧保留双语词表（སློབ་ཚན / 课）。",
    "建议把“སློབ་དེབ”（课本）里的例题换成本地情境。",
    "建议两位教师每周集体备课一次，各写各的教案。",
    "建议先用藏语说清题意，再做汉语表达。",
    "建议把提问写在教案里，照顾到每一排。",
    "建议复式班用任务卡，减少等待。",
    "建议每月拍一次板书，互相看看变化。",
    "建议低年级多用实物和图片。",
    "建议实验前先让学生猜一猜结果。",
    "建议作业分两层，完成第一层即可。",
    "建议与结对教师线上共上一节课。",
];
const ENGLISH: [&str; 6] = [
    "Pupils spoke most when the task used things from home; begin with those.",
    "Leave ten minutes of each lesson for work by hand.",
    "Write the questions into the plan, one for every row of the room.",
    "Say the task in Tibetan first, then work in Chinese.",
    "Task cards would spare the second grade its waiting.",
    "Two layers of homework; the first is enough for everybody.",
];
const FOLLOWED: [&str; 8] = [
    "词表已上墙，每周更换。",
    "任务卡试用两周，等待时间明显减少。",
    "已与结对教师线上共上一节课。",
    "提问已写入教案，后排学生发言增多。",
    "学具已在两个班轮流使用。",
    "每周集体备课已固定在周三下午。",
    "分层作业已开始，第二层自愿完成。",
    "暂未做到，下次再看。",
];
/// Why a visit or an activity did not take place.
pub(crate) const CANCELLED: [&str; 4] =
    ["大雪封路，改期另定", "道路施工，车辆无法通行", "与考试时间冲突", "对方学校另有安排"];

/// Why one goes.
pub(crate) fn purpose(chance: &mut Chance) -> &'static str {
    chance.word(&PURPOSES)
}

/// What was seen and advised: mostly in Chinese, now and then in English.
pub(crate) fn advice(chance: &mut Chance) -> String {
    if chance.percent(6) {
        return chance.some(&ENGLISH, 2).into_iter().copied().collect::<Vec<_>>().join(" ");
    }
    let seen = chance.word(&OBSERVED);
    let count = if chance.percent(35) { 2 } else { 1 };
    chance.some(&ADVISED, count).into_iter().fold(seen.to_owned(), |text, advice| text + advice)
}

/// What became of it.
pub(crate) fn followed(chance: &mut Chance) -> &'static str {
    chance.word(&FOLLOWED)
}
