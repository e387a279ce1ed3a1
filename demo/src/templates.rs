//! Templates that the programme's office keeps for all: how lessons of some subjects usually go.

use documents::Node;
use records::Change;

use crate::book::{Book, DemoError, Say};
use crate::last_day;
use crate::world::World;

/// A step: its name, minutes, what the teacher does, the pupils, the local adult.
type Step = (&'static str, u32, &'static str, &'static str, &'static str);

struct Template {
    title: &'static str,
    subject: &'static str,
    stage: &'static str,
    kind: &'static str,
    minutes: i32,
    parts: &'static [(&'static str, &'static str)],
    steps: &'static [Step],
}

const TEMPLATES: [Template; 8] = [
    Template {
        title: "阅读课",
        subject: "chinese",
        stage: "primary",
        kind: "new_matter",
        minutes: 40,
        parts: &[
            ("aims", "会认、会写本课的生字。\n能说出课文讲了什么,找到最喜欢的一句并说出理由。"),
            ("key", "读懂课文的主要内容。"),
            ("hard", "用自己的话说,而不是背课文。"),
            ("board", "题目 — 先怎样 — 后来怎样 — 我的话"),
            ("homework", "读给家里人听。"),
        ],
        steps: &[
            ("引入", 5, "看题目,猜课文写什么。", "说出猜想。", ""),
            ("初读", 10, "范读一遍,正音。", "自己读,圈出生字。", "听个别学生读。"),
            ("细读", 15, "每段问一个问题。", "在文中找答案,划线。", ""),
            ("说与写", 10, "请学生说一句,写一句。", "同桌互相听,写下来。", ""),
        ],
    },
    Template {
        title: "新授课:从实物到算式",
        subject: "mathematics",
        stage: "primary",
        kind: "new_matter",
        minutes: 40,
        parts: &[
            ("aims", "用实物说明新的概念。\n会用图、用算式各表示一次。"),
            ("key", "概念从哪里来。"),
            ("hard", "从图到算式。"),
            ("materials", "每人一份可以摆的东西:石子、纸片或绳子。"),
        ],
        steps: &[
            ("提问", 5, "提一个生活里的问题。", "说办法。", ""),
            ("摆一摆", 12, "只问,不说答案。", "用实物试。", "看谁卡住了。"),
            ("画与写", 13, "把摆的画成图,再写成算式。", "画图,写算式,互相检查。", ""),
            ("练习", 10, "三道题,由易到难。", "独立做,说理由。", ""),
        ],
    },
    Template {
        title: "藏语文课:听说读写",
        subject: "tibetan",
        stage: "primary",
        kind: "new_matter",
        minutes: 40,
        parts: &[
            ("aims", "听得懂、读得准本课的词和句。\n会写新词,会用它说一句自己的话。"),
            ("key", "新词的读音和写法。"),
            ("hard", "容易写混的字形。"),
        ],
        steps: &[
            ("听", 6, "讲一件身边的事,用上新词。", "听,举手说听到了哪个词。", ""),
            ("说", 10, "请学生两人一组问答。", "问答,换人再来。", "纠正读音。"),
            ("读", 12, "领读,再请小组读。", "指着字读。", ""),
            ("写", 12, "示范笔顺。", "写新词,写一句话。", "看坐姿和笔顺。"),
        ],
    },
    Template {
        title: "科学实验课",
        subject: "science",
        stage: "primary",
        kind: "experiment",
        minutes: 40,
        parts: &[
            ("aims", "先猜,再试,用看到的说明。\n会把过程和结果记在表里。"),
            ("key", "一次只改变一个条件。"),
            ("hard", "结果和猜的不一样时怎样说。"),
            ("materials", "每组一份;危险的东西由老师拿。"),
        ],
        steps: &[
            ("猜", 6, "提出问题,写下大家的猜想。", "说猜想和理由。", ""),
            ("安全", 4, "讲三条规则。", "复述。", "守住热源和利器。"),
            ("试", 20, "巡视,只问不答。", "分组做,记在表里。", "帮忙拿东西。"),
            ("说", 10, "请两组说结果。", "比较,说明原因。", ""),
        ],
    },
    Template {
        title: "身边的传承:走出教室",
        subject: "heritage",
        stage: "primary",
        kind: "outing",
        minutes: 80,
        parts: &[
            ("aims", "认识身边的一样手艺、一种植物或一处地方。\n会看、会问、会记。"),
            ("key", "自己看到的和听到的分开记。"),
            ("materials", "本子;彩笔;水;名单。"),
            ("homework", "请家里的老人讲一讲,记下来。"),
        ],
        steps: &[
            ("准备", 12, "讲规则,分组,定好要问的三个问题。", "复述规则。", "点人数。"),
            ("路上", 10, "边走边看。", "说出看到了什么。", "走在队尾。"),
            ("看与问", 38, "请师傅讲,请学生问。", "问,画,记。", "用本地话帮忙说明。"),
            ("交流", 20, "每组说一样。", "说、听、补充。", ""),
        ],
    },
    Template {
        title: "复式课:两个年级一间教室",
        subject: "mathematics",
        stage: "primary",
        kind: "practice",
        minutes: 40,
        parts: &[
            ("aims", "低年级:学会本课的一种算法。\n高年级:独立完成练习,能给低年级讲一道题。"),
            ("key", "一个年级听讲时,另一个年级有事做,不用等。"),
            ("hard", "交接的那一分钟。"),
            ("materials", "高年级的题卡和答案卡;小组长名单。"),
        ],
        steps: &[
            ("一起开始", 4, "说明今天两个年级各做什么。", "拿好题卡。", ""),
            ("低年级讲,高年级做", 14, "给低年级讲新内容。", "高年级照题卡做,组长对答案。", "看着高年级。"),
            ("高年级讲,低年级做", 14, "给高年级讲错得多的题。", "低年级做四道题。", "看着低年级。"),
            ("互相讲", 8, "请高年级给低年级讲一道题。", "两人一组。", ""),
        ],
    },
    Template {
        title: "A dialogue to practise",
        subject: "english",
        stage: "junior",
        kind: "practice",
        minutes: 45,
        parts: &[
            ("aims", "Understand a short dialogue.\nSay it with words of one's own."),
            ("key", "Three patterns of the dialogue."),
            ("homework", "Write a dialogue of six lines with a partner."),
        ],
        steps: &[
            ("Warm up", 5, "Show a picture and ask what people say there.", "Say words.", ""),
            ("Listen", 12, "Play or read the dialogue twice.", "Listen, then answer three questions.", ""),
            ("Pairs", 18, "Give each pair a card.", "Speak, change parts, speak again.", "Listen to the quiet pairs."),
            ("Show", 10, "Ask three pairs.", "Show, and say what was good.", ""),
        ],
    },
    Template {
        title: "An experiment step by step",
        subject: "physics",
        stage: "junior",
        kind: "experiment",
        minutes: 45,
        parts: &[
            ("aims", "Ask one question, change one thing, measure.\nExplain the result, also where it surprises."),
            ("key", "One condition at a time."),
            ("materials", "A set for each group; what is hot or sharp stays with the teacher."),
        ],
        steps: &[
            ("Question", 6, "Ask, and write the guesses down.", "Guess, and say why.", ""),
            ("Safety", 4, "Name three rules.", "Repeat them.", "Stays with what is hot."),
            ("Try", 23, "Ask, do not answer.", "Work in groups, keep a table.", "Helps with the material."),
            ("Explain", 12, "Let two groups show their tables.", "Compare and explain.", ""),
        ],
    },
];

fn paragraphs(text: &str) -> Vec<Node> {
    let of = |line: &str| if line.is_empty() { Vec::new() } else { vec![Node::text(line)] };
    text.split('\n').map(|line| Node::element("paragraph", of(line))).collect()
}

fn text(template: &Template) -> Vec<Node> {
    let part = |name: &str| {
        let said = template.parts.iter().find(|(part, _)| *part == name).map_or("", |(_, said)| said);
        Node::element("section", paragraphs(said)).with("part", name)
    };
    let step = |(name, minutes, teacher, pupils, adult): &Step| {
        let stage = Node::element("stage", vec![Node::text(*name)]).with("minutes", minutes.to_string());
        let cell = |column, said| Node::element(column, paragraphs(said));
        Node::element("step", vec![stage, cell("teacher", teacher), cell("pupils", pupils), cell("adult", adult)])
    };
    let process = Node::element("steps", template.steps.iter().map(step).collect()).with("part", "process");
    let before = ["aims", "key", "hard", "materials"].map(part);
    let after = ["board", "homework", "reflection"].map(part);
    before.into_iter().chain([process]).chain(after).collect()
}

/// Templates for all. No plan stands behind them, so what begins with one names no origin.
pub(crate) fn keep(book: &mut Book, world: &World) -> Result<(), DemoError> {
    let (scope, day) = (world.programme, last_day().plus(-120));
    for (n, template) in (1..).zip(&TEMPLATES) {
        let change = Change::new()
            .with_text("title", template.title)
            .with_text("subject", template.subject)
            .with_text("stage", template.stage)
            .with_text("type", template.kind)
            .int("minutes", template.minutes)
            .with_text("kept_for", "all");
        let id = book.record("plan_template", scope, day, change);
        for update in documents::seed(&text(template), 1000 + n)? {
            book.update("plan_template", "body", scope, id, day, update);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_s_steps_take_its_minutes() {
        for template in &TEMPLATES {
            let sum: u32 = template.steps.iter().map(|s| s.1).sum();
            assert_eq!(i32::try_from(sum).unwrap(), template.minutes, "{}", template.title);
        }
    }
}
