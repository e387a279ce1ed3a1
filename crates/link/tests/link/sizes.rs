//! What goes over the wire, counted where the datagrams pass.

use link::Bad;

use crate::world::{Node, PROGRAMME, dial, listen, quiet, relay_to, status, until};

/// A small generator of even chance, so that the same bytes come each time.
struct Chance(u64);
impl Chance {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % limit
    }
}

const REMARKS: [&str; 24] = [
    "课堂气氛活跃，学生参与度高，板书清楚。",
    "建议在导入环节多用当地生活中的例子。",
    "教师普通话标准，提问有层次，反馈及时。",
    "小组讨论时间不足，可以减少讲授内容。",
    "结对教师共同备课两次，教案已存入资源库。",
    "多媒体设备使用熟练，但字体偏小，后排看不清。",
    "作业批改认真，错题有讲评，学困生有记录。",
    "下次走访前完成单元测试，并带来学生作品。",
    "双方约定每周三下午线上教研一小时。",
    "教学目标明确，重点突出，难点讲解到位。",
    "学生朗读整齐，个别学生发音需要辅导。",
    "实验器材不足，由帮扶单位下月补齐。",
    "སློབ་ཁྲིད་གསལ་པོ་འདུག སློབ་མས་ལན་མང་པོ་བཏབ་སོང་།",
    "སློབ་མ་ཚོས་ཧུར་ཐག་གིས་སློབ་སྦྱོང་བྱེད་ཀྱི་འདུག",
    "ཐེངས་རྗེས་མར་ནང་སྦྱོང་ལ་ཞིབ་བཤེར་བྱེད་རྒྱུ།",
    "དགེ་རྒན་གཉིས་ཀྱིས་མཉམ་དུ་སློབ་ཚན་གྲ་སྒྲིག་བྱས།",
    "The lesson kept to its plan and ended with a short test.",
    "Pupils read aloud in pairs; two need help with endings.",
    "The projector failed; the teacher went on at the board.",
    "Agreed to observe each other again within the month.",
    "The pair shared slides and a word list beforehand.",
    "Questions were open, and waiting time was long enough.",
    "Homework is looked through; comments are brief.",
    "More examples from the village would help.",
];

/// A visit's record of about 720 bytes: a form's fields, ids, numbers and remarks.
fn visit(chance: &mut Chance, n: u64) -> Vec<u8> {
    let mut text = format!(
        "{{\"kind\":\"visit\",\"date\":\"2026-{:02}-{:02}\",\"school\":{},\"visitor\":{},\"teacher\":{},\
         \"subject\":{},\"grade\":{},\"lesson_minutes\":{},\"pupils_present\":{},\"pupils_asked\":{},\
         \"observed\":[{},{},{},{},{},{}],\"form_version\":3,\"follow_up\":{},\"number\":{n},\"remarks\":\"",
        1 + n / 4000 % 12,
        1 + n / 130 % 28,
        chance.below(40),
        chance.below(200),
        chance.below(600),
        chance.below(12),
        chance.below(9),
        40 + 5 * chance.below(3),
        chance.below(55),
        chance.below(20),
        chance.below(5),
        chance.below(5),
        chance.below(5),
        chance.below(5),
        chance.below(5),
        chance.below(5),
        chance.below(2),
    );
    while text.len() < 690 {
        text.push_str(REMARKS[chance.below(24) as usize]);
    }
    text.push_str("\"}");
    text.into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sync_keeps_its_budgets() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let school = Node::open(dir.path(), 1);
    let (hub_link, address) = listen(&hub);
    let relay = relay_to(address, Bad { delay_ms: 10, ..Bad::default() }).await;
    let spent = async |since: u64| {
        quiet(&relay).await;
        relay.counters().bytes() - since
    };
    let link = dial(&school, relay.address());
    until("the connection", 10, || school.entries() == 1).await;
    let first = spent(0).await;

    let before = relay.counters().bytes();
    let agreed = status(&link, 0).agreed_ms;
    link.nudge();
    until("the check", 10, || status(&link, 0).agreed_ms > agreed).await;
    let check = spent(before).await;

    let before = relay.counters().bytes();
    let mut chance = Chance(1);
    school.put_many(PROGRAMME, (0..500).map(|n| format!("present {} {}", n % 40, chance.below(90)).into_bytes()));
    until("small records", 10, || hub.rows(PROGRAMME) == school.rows(PROGRAMME)).await;
    let small = spent(before).await;
    link.shutdown().await;

    quiet(&relay).await;
    let before = relay.counters().bytes();
    let link = dial(&school, relay.address());
    until("the connection", 10, || status(&link, 0).agreed_ms.is_some()).await;
    let redial = spent(before).await;

    // The next connection of the same link resumes the TLS session.
    let good = relay.settings();
    relay.set(Bad { cut: true, ..good });
    link.nudge();
    until("the cut", 10, || !status(&link, 0).connected).await;
    relay.set(good);
    let before = relay.counters().bytes();
    link.nudge();
    until("the connection", 10, || status(&link, 0).connected).await;
    let resumed = spent(before).await;
    link.shutdown().await;

    let mut chance = Chance(2);
    let records: Vec<Vec<u8>> = (0..44_000).map(|n| visit(&mut chance, n)).collect();
    let raw: usize = records.iter().map(Vec::len).sum();
    school.put_many(PROGRAMME, records.into_iter());
    quiet(&relay).await;
    let before = relay.counters();
    let link = dial(&school, relay.address());
    until("a year", 120, || status(&link, 0).sent_entries == 44_000).await;
    let year = spent(before.bytes()).await;
    let packets = relay.counters().down.packets - before.down.packets;
    assert_eq!(hub.rows(PROGRAMME), school.rows(PROGRAMME));
    println!("first meeting {first} · check {check} · redial {redial} · resumed {resumed} · 500 small records {small}");
    println!("44,000 records of {} bytes: {year} bytes, {packets} packets back", raw / 44_000);
    assert!(
        first <= 14_000 && check <= 2_000 && redial <= 12_000 && resumed <= 12_000 && small <= 40_000,
        "beyond a budget"
    );
    assert!(year <= 5_000_000, "{year} bytes for 44,000 records");
    link.shutdown().await;
    hub_link.shutdown().await;
}
