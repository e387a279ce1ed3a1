//! A study tour: what it lacks is named and it does not leave; who approves what, and what is told of it. What a school holds
//! of its pupils is in [`crate::tours_held`].

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::{Date, Subject};
use jiff::ToSpan;
use log::LogError;
use records::Role;

use crate::courses::{Who, made, status, upload};
use crate::desk::{Desk, desk, desk_at};
use crate::edits::value;
use crate::play::page;
use crate::two_nodes::give;

/// What nobody but the leader is to read.
pub const NUMBER: &str = "阿妈 13900271828";
/// Who gave a consent.
pub const GIVER: &str = "阿妈拉姆措七";
pub const NAME: &str = "བསོད་ནམས་སྒྲོལ་མ་";

/// A school's node, the hub, and a tour of the school that leads to a host elsewhere.
pub struct Stand {
    pub school: Desk,
    pub hub: Desk,
    pub head: Who,
    pub leader: Who,
    pub officer: Who,
    pub tour: Subject,
    pub first: Date,
}

pub fn person(desk: &Desk, role: &str) -> Subject {
    desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = '{role}' ORDER BY organisation IS NOT NULL DESC LIMIT 1"
    ))
}

pub fn number(desk: &Desk, sql: &str) -> i64 {
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

impl Stand {
    pub async fn new() -> Self {
        let (school, hub) = (desk(), desk_at(0));
        let (head, leader) = (school.sign_in(Role::Head), school.sign_in(Role::Posted));
        let officer = hub.sign_in(Role::Officer);
        let host = school.one("SELECT id FROM organisation WHERE kind = 'assisting_unit' ORDER BY id LIMIT 1");
        let first = school.node.site.today();
        let last = first.checked_add(2.days()).unwrap();
        let form = format!(
            "title=到重庆去&school={}&host={host}&starts_on={first}&ends_on={last}&purpose=看江河&plan=第一天",
            school.home
        );
        let tour = made(&school.post("/tours/new", &leader, &form).await);
        Self { school, hub, head, leader, officer, tour, first }
    }

    /// A tour more, of the same school.
    pub async fn another(&self) -> Subject {
        let host = self.school.one("SELECT id FROM organisation WHERE kind = 'assisting_unit' ORDER BY id LIMIT 1");
        let (school, first) = (self.school.home, self.first);
        let form = format!("title=再去&school={school}&host={host}&starts_on={first}&ends_on={first}&purpose=看江河");
        made(&self.school.post("/tours/new", &self.leader, &form).await)
    }

    /// Both nodes give each other what they lack, as the link does.
    pub fn meet(&self) {
        let members = zampa::node::members(&self.school.files.settings().unwrap());
        give(&self.school.node.site.store, &self.hub.node.site.store, &members);
        give(&self.hub.node.site.store, &self.school.node.site.store, &members);
    }

    pub fn at(&self, rest: &str) -> String {
        format!("/tours/{}{rest}", self.tour)
    }

    /// Adds the way, what may happen, the leader and another adult.
    pub async fn plan(&self) {
        let (leader, local) = (person(&self.school, "posted"), person(&self.school, "local"));
        let (tour, day) = (self.tour, self.first);
        for (path, form) in [
            ("/tour-adults/new", format!("tour={tour}&person={leader}&part=leader")),
            ("/tour-adults/new", format!("tour={tour}&person={local}&part=teacher")),
            (
                "/tour-legs/new",
                format!("tour={tour}&day={day}&leaves_at=08:30&from_place=昌都&to_place=重庆&how=plane&adult={leader}"),
            ),
            ("/tour-risks/new", format!("tour={tour}&what=晕车&measure=带药,停车&who={local}")),
        ] {
            // Who goes along sees the pupils: nobody names themselves.
            let who = if path.starts_with("/tour-adults") {
                let own = self.school.post(path, &self.leader, &form).await;
                assert_eq!(own.status(), StatusCode::FORBIDDEN);
                &self.head
            } else {
                &self.leader
            };
            made(&self.school.post(path, who, &form).await);
        }
    }

    pub async fn add(&self, code: &str) -> Subject {
        let form = format!("code={code}&name={NAME}&class=五年级");
        made(&self.school.post(&self.at("/pupils"), &self.leader, &form).await)
    }

    pub async fn consents(&self, pupil: Subject) {
        let form = format!("purpose=study_tour&given_by={GIVER}&language=bo&version=1&given_on={}", self.first);
        let answer = self.school.post(&self.at(&format!("/pupils/{pupil}/keep")), &self.leader, &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    }

    pub async fn contact(&self, pupil: Subject) {
        let to = self.at(&format!("/pupils/{pupil}/keep"));
        let answer = self.school.post(&to, &self.leader, &format!("contact={NUMBER}")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    }

    /// Changes a record with its form.
    pub async fn edit(&self, at: &str, form: &str) {
        let shown = page(&self.school, &format!("{at}/edit"), &self.leader).await;
        let body = format!("_base={}&{form}", value(&shown, "_base"));
        let answer = self.school.post(&format!("{at}/edit"), &self.leader, &body).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{form}");
    }

    /// One tier approves what its page shows.
    pub async fn approve(&self, desk: &Desk, who: &Who, tier: &str) -> StatusCode {
        let shown = page(desk, &self.at(""), who).await;
        let seen = shown.split("name=\"seen\" value=\"").nth(1).and_then(|s| s.split('"').next()).unwrap_or_default();
        desk.post(&self.at("/approve"), who, &format!("tier={tier}&seen={seen}")).await.status()
    }

    pub async fn approved(&self) {
        assert_eq!(self.approve(&self.school, &self.head, "school").await, StatusCode::SEE_OTHER);
        self.meet();
        assert_eq!(self.approve(&self.hub, &self.officer, "office").await, StatusCode::SEE_OTHER);
        self.meet();
    }

    /// Tries to set out; what is missing.
    pub async fn leave(&self) -> Vec<String> {
        let answer = self.school.post(&self.at("/leave"), &self.leader, "").await;
        if answer.status() == StatusCode::SEE_OTHER {
            return Vec::new();
        }
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let said = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let said = String::from_utf8(said.to_vec()).unwrap();
        let list = said.split("<ul>").nth(1).map(|s| s.split("</ul>").next().unwrap_or_default().to_owned());
        let list = said.split("id=\"lacks\"").nth(1).map_or(list.unwrap_or_default(), ToOwned::to_owned);
        list.split("<li>").skip(1).map(|l| l.split("</li>").next().unwrap().to_owned()).collect()
    }

    pub fn state(&self) -> String {
        let sql = format!("SELECT state FROM study_tour WHERE id = {}", records::literal(&self.tour));
        self.school.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(&sql, [], |r| r.get(0))?)).unwrap()
    }

    /// A tour under way, with two pupils.
    pub async fn under_way() -> (Self, [Subject; 2]) {
        let stand = Self::new().await;
        stand.plan().await;
        let pupils = [stand.add("A1").await, stand.add("A2").await];
        for pupil in pupils {
            stand.consents(pupil).await;
            stand.contact(pupil).await;
        }
        stand.approved().await;
        assert_eq!(stand.leave().await, Vec::<String>::new());
        assert_eq!(stand.state(), "under_way");
        (stand, pupils)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupil_s_consent_and_contact_are_one_form_and_the_next_begins_with_the_same_text() {
    let stand = Stand::new().await;
    stand.plan().await;
    let (one, two) = (stand.add("C1").await, stand.add("C2").await);
    let at = |pupil: Subject, rest: &str| stand.at(&format!("/pupils/{pupil}{rest}"));
    let counts = || {
        let n = |kind: &str| number(&stand.school, &format!("SELECT count(*) FROM {kind}"));
        (n("pupil_consent"), n("tour_contact"))
    };
    let before = counts();
    // Something lacks: nothing is kept, and all that was typed stands there.
    let form =
        format!("purpose=study_tour&given_by={GIVER}&language=bo&version=&given_on={}&contact={NUMBER}", stand.first);
    let answer = stand.school.post(&at(one, "/keep"), &stand.leader, &form).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let said = String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    assert!(said.contains("href=\"#version\"") && said.contains(NUMBER) && said.contains(GIVER), "{said}");
    assert_eq!(counts(), before);
    assert_eq!(
        stand.school.post(&at(one, "/keep"), &stand.leader, "given_by=&contact=").await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // One save keeps both, and leads to the next pupil, whose form begins with the same text and language.
    let form = form.replace("version=", "version=2026-7") + "&then=next";
    let answer = stand.school.post(&at(one, "/keep"), &stand.leader, &form).await;
    assert_eq!(answer.headers()["location"].to_str().unwrap(), at(two, ""));
    assert_eq!(counts(), (before.0 + 1, before.1 + 1));
    let next = page(&stand.school, &at(two, ""), &stand.leader).await;
    assert!(next.contains("value=\"2026-7\"") && next.contains("<option value=\"bo\" selected>"), "{next}");
    assert!(!next.contains(NUMBER) && !next.contains(GIVER), "of another child it says nothing");
    // After the last of them, the list.
    let answer = stand.school.post(&at(two, "/keep"), &stand.leader, &form).await;
    assert_eq!(answer.headers()["location"].to_str().unwrap(), stand.at("/pupils"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_offers_the_adults_of_its_tour() {
    let stand = Stand::new().await;
    stand.plan().await;
    let shown = page(&stand.school, &format!("/tour-legs/new?tour={}", stand.tour), &stand.leader).await;
    let adults = &shown[shown.find("id=\"c-adult\"").unwrap()..];
    let adults = &adults[..adults.find("</select>").unwrap()];
    assert_eq!(adults.matches("<option value=\"").count(), 3, "nobody, the leader and the teacher: {adults}");
}

/// An empty tour is not approved.
async fn is_not_approved_empty(stand: &Stand) {
    // The head is told what it lacks, and is asked for nothing on the first page.
    let shown = page(&stand.school, &stand.at(""), &stand.head).await;
    assert!(
        shown.contains("id=\"tour-lacks\"") && shown.contains("领队") && !shown.contains("name=\"seen\""),
        "{shown}"
    );
    let empty = stand.school.post(&stand.at("/approve"), &stand.head, "tier=school&seen=").await;
    assert_eq!(empty.status(), StatusCode::CONFLICT);
    let said = to_bytes(empty.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&said).contains("此研学旅行还缺内容"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tour_leaves_with_all_that_it_needs_and_is_told_what_it_lacks() {
    let stand = Stand::new().await;
    let site = &stand.school.node.site;
    // Nobody goes along yet, so the head alone sees what is missing.
    let first = page(&stand.school, &stand.at("/leave"), &stand.head).await;
    for lack in ["审批：派出学校校长", "审批：主管部门", "领队", "名单还是空的", "风险", "尚无路段"]
    {
        assert!(first.contains(lack), "{lack}: {first}");
    }
    assert_eq!(status(&stand.school, &stand.at("/leave"), &stand.leader).await, StatusCode::FORBIDDEN);
    is_not_approved_empty(&stand).await;
    let waits = format!("<a href=\"{}\">审批研学旅行", stand.at(""));
    assert!(!page(&stand.school, "/today", &stand.head).await.contains(&waits));
    stand.plan().await;
    let mut pupils = Vec::new();
    for n in 1..=17 {
        pupils.push(stand.add(&format!("C{n:02}")).await);
    }
    let lacks = stand.leave().await;
    assert!(lacks.contains(&"成人还差 1 名：17 名学生，每 8 人一名成人，已有 2 名".to_owned()), "{lacks:?}");
    // All are of one name, so their codes tell them apart.
    let all = (1..=17).map(|n| format!("{NAME} (C{n:02})")).collect::<Vec<_>>().join("、");
    assert!(lacks.contains(&format!("参加的同意书：{all}")), "{lacks:?}");
    assert!(lacks.contains(&format!("紧急联系人：{all}")), "{lacks:?}");
    assert_eq!(stand.state(), "draft", "nothing was done, and nothing is lost");
    assert!(!page(&stand.school, "/today", &stand.head).await.contains(&waits), "an adult is missing");

    // The office does not come before the head, and neither approves what changed behind their back.
    stand.meet();
    assert_eq!(stand.approve(&stand.hub, &stand.officer, "office").await, StatusCode::CONFLICT);
    let off = |pupil: Subject| stand.at(&format!("/pupils/{pupil}/off"));
    assert_eq!(stand.school.post(&off(pupils[16]), &stand.leader, "").await.status(), StatusCode::SEE_OTHER);
    assert!(page(&stand.school, "/today", &stand.head).await.contains(&waits), "now it is asked for");
    let shown = page(&stand.school, &stand.at(""), &stand.head).await;
    let seen = shown.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(stand.school.post(&off(pupils[15]), &stand.leader, "").await.status(), StatusCode::SEE_OTHER);
    let late = stand.school.post(&stand.at("/approve"), &stand.head, &format!("tier=school&seen={seen}")).await;
    assert_eq!(late.status(), StatusCode::CONFLICT, "one pupil fewer than the head saw");
    assert_eq!(stand.add("C16").await, pupils[15]);
    assert_eq!(stand.approve(&stand.school, &stand.leader, "school").await, StatusCode::FORBIDDEN);
    stand.approved().await;
    assert_eq!(stand.state(), "approved");

    // Pupils, route and dates that change after the approval are named, each.
    for pupil in &pupils[..16] {
        stand.consents(*pupil).await;
        stand.contact(*pupil).await;
    }
    assert_eq!(stand.school.post(&off(pupils[15]), &stand.leader, "").await.status(), StatusCode::SEE_OTHER);
    let lacks = stand.leave().await;
    assert_eq!(lacks, ["重新审批：派出学校校长（学生名单有变）", "重新审批：主管部门（学生名单有变）"]);
    let leg = stand.school.one("SELECT id FROM tour_leg WHERE how = 'plane' ORDER BY made DESC LIMIT 1");
    let last = stand.first.checked_add(3.days()).unwrap();
    let (tour, day, leader) = (stand.tour, stand.first, person(&stand.school, "posted"));
    let form = format!("tour={tour}&from_place=昌都&to_place=成都&how=bus&day={day}&adult={leader}");
    stand.edit(&format!("/tour-legs/{leg}"), &form).await;
    let host = stand.school.one("SELECT host FROM study_tour ORDER BY made DESC LIMIT 1");
    let form = format!(
        "title=到重庆去&school={}&host={host}&starts_on={day}&ends_on={last}&purpose=看江河&plan=第一天",
        stand.school.home
    );
    stand.edit(&stand.at(""), &form).await;
    let lacks = stand.leave().await;
    assert!(lacks[0].contains("日期、路线、学生名单有变"), "{lacks:?}");
    assert!(page(&stand.hub, &stand.at(""), &stand.officer).await.contains("批准"), "the hub hears of it later");
    stand.meet();
    assert!(page(&stand.hub, &stand.at(""), &stand.officer).await.contains("须重新批准"));
    stand.approved().await;

    // A consent that is withdrawn holds the tour back until the pupil is off, which asks for approval anew.
    let shown = page(&stand.school, &stand.at(&format!("/pupils/{}", pupils[0])), &stand.head).await;
    let consent = shown.split("name=\"consent\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let to = stand.at(&format!("/pupils/{}/withdraw", pupils[0]));
    assert_eq!(
        stand.school.post(&to, &stand.leader, &format!("consent={consent}")).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(stand.leave().await, [format!("同意已撤回，须移出名单：{NAME}")]);
    assert_eq!(stand.school.post(&off(pupils[0]), &stand.leader, "").await.status(), StatusCode::SEE_OTHER);
    stand.approved().await;
    assert_eq!(stand.leave().await, Vec::<String>::new());
    assert_eq!(stand.state(), "under_way");
    assert_eq!(number(&stand.school, "SELECT pupils FROM study_tour WHERE state = 'under_way'"), 14);
    // Nobody joins on the way, with nothing asked of them.
    let late = stand.school.post(&stand.at("/pupils"), &stand.leader, &format!("code=L1&name={NAME}&class=x")).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert!(!page(&stand.school, &stand.at("/pupils"), &stand.leader).await.contains("id=\"code\""));
    assert_eq!(number(&stand.school, "SELECT count(*) FROM pupil WHERE code = 'L1'"), 0);
    // Once only.
    let again = stand.school.post(&stand.at("/leave"), &stand.leader, "").await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert_eq!(site.today(), stand.first);
    // No form of the register leads a tour into another state, and no undo does.
    let entries = site.store.read(|c| log::entries_of(c, &stand.tour)).unwrap();
    for entry in entries.iter().skip(1) {
        let undo = stand.at(&format!("/undo/{}/{}", entry.header.node, entry.header.seq));
        stand.school.post(&undo, &stand.head, "").await;
        assert_eq!(stand.state(), "under_way");
    }
    for way in ["approve", "set_out", "close", "cancel", "return"] {
        let answer = stand
            .school
            .post(&stand.at(&format!("/move/{way}")), &stand.head, "_why=x&left_on=2026-11-20&closed_on=2026-11-20")
            .await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{way}");
    }
    assert_eq!(stand.state(), "under_way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_returns_it_with_a_reason_and_one_person_is_not_both() {
    let stand = Stand::new().await;
    stand.plan().await;
    stand.add("T1").await;
    stand.approved().await;
    let back = |reason: &str| format!("tier=office&reason={reason}");
    let to = stand.at("/return");
    assert_eq!(stand.hub.post(&to, &stand.officer, &back("")).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(stand.hub.post(&to, &stand.officer, &back("住宿未定")).await.status(), StatusCode::SEE_OTHER);
    stand.meet();
    assert_eq!(stand.state(), "draft");
    let shown = page(&stand.school, &stand.at(""), &stand.head).await;
    assert!(shown.contains("住宿未定") && shown.contains("尚未批准"), "{shown}");
    // What was approved before counts no more, for either tier.
    assert!(stand.leave().await.iter().filter(|l| l.starts_with("审批")).count() == 2);
    // The head of another school is told nothing.
    let other = desk_at(2);
    let stranger = other.sign_in(Role::Head);
    assert_eq!(status(&other, &stand.at(""), &stranger).await, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn host_plan_risks_and_adults_that_change_are_approved_anew() {
    let stand = Stand::new().await;
    stand.plan().await;
    stand.add("T1").await;
    stand.approved().await;
    let form = |host: &Subject, plan: &str| {
        let (first, last) = (stand.first, stand.first.checked_add(2.days()).unwrap());
        let school = stand.school.home;
        format!(
            "title=到重庆去&school={school}&host={host}&starts_on={first}&ends_on={last}&purpose=看江河&plan={plan}"
        )
    };
    let hosts = "SELECT id FROM organisation WHERE kind = 'assisting_unit' ORDER BY id";
    let host = stand.school.one(&format!("{hosts} LIMIT 1"));
    let other = stand.school.one(&format!("{hosts} LIMIT 1 OFFSET 1"));
    let anew = async || {
        let shown = page(&stand.school, &stand.at(""), &stand.head).await;
        let (before, _) = shown.split_once("须重新批准").unwrap_or_default();
        before.rsplit('>').next().unwrap().to_owned()
    };
    assert_eq!(anew().await, "");
    stand.edit(&stand.at(""), &form(&other, "第一天")).await;
    assert!(anew().await.contains("接待单位"), "{}", anew().await);
    stand.edit(&stand.at(""), &form(&host, "第一天:江边")).await;
    assert!(anew().await.contains("计划") && !anew().await.contains("接待单位"), "{}", anew().await);
    stand.approved().await;
    assert_eq!(anew().await, "");
    let risk = format!("tour={}&what=下水&measure=穿救生衣", stand.tour);
    made(&stand.school.post("/tour-risks/new", &stand.leader, &risk).await);
    assert!(anew().await.contains("风险"), "{}", anew().await);
    let local = person(&stand.school, "local");
    let more = stand.school.one(&format!(
        "SELECT id FROM person WHERE home IS NOT NULL AND id <> {} ORDER BY id LIMIT 1",
        records::literal(&local)
    ));
    let adult = format!("tour={}&person={more}&part=teacher", stand.tour);
    made(&stand.school.post("/tour-adults/new", &stand.head, &adult).await);
    assert!(anew().await.contains("风险、随行成人"), "{}", anew().await);
    assert!(stand.leave().await.iter().any(|l| l.contains("风险、随行成人有变")), "{:?}", stand.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_a_story_come_in_once_their_writer_has_looked() {
    let (stand, _) = Stand::under_way().await;
    let form = format!("title=在江边&tour={}&text_zh=我们看了两条江。", stand.tour);
    let story = made(&stand.school.post("/tour-stories/new", &stand.leader, &form).await);
    let at = format!("/tour-stories/{story}");
    let shown = page(&stand.school, &at, &stand.leader).await;
    assert!(shown.contains(&format!("不能出现在图片中：{NAME} (A1)、{NAME} (A2)")), "{shown}");
    let files: [(&str, &[u8]); 1] = [("a.pdf", b"%PDF-1.4\n%%EOF")];
    let sent = upload(&stand.school, &format!("{at}/files"), &stand.leader, &[], &files).await;
    assert_eq!(sent.status(), StatusCode::CONFLICT, "not before the writer has said so");
    let said = to_bytes(sent.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8(said.to_vec()).unwrap().contains("请先在故事中确认"));
    stand.edit(&at, &format!("{form}&unseen=yes")).await;
    let sent = upload(&stand.school, &format!("{at}/files"), &stand.leader, &[], &files).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let publish = stand.school.post(&format!("{at}/move/publish"), &stand.leader, "").await;
    assert_eq!(publish.status(), StatusCode::SEE_OTHER);
    let read = page(&stand.school, &stand.at(&format!("/stories/{story}")), &stand.head).await;
    assert!(read.contains("我们看了两条江。"), "{read}");
    // Who is not to be seen, the hub is not told.
    stand.meet();
    let there = page(&stand.hub, &at, &stand.officer).await;
    assert!(there.contains("在江边") && !there.contains("A1") && !there.contains(NAME), "{there}");
}

/// The demonstration's own tour, held long ago: what it says of its approvals is what the room makes of its legs.
#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_the_demonstration_was_approved_as_it_was_held() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    let tour = hub.one("SELECT id FROM study_tour WHERE state = 'closed'");
    let shown = page(&hub, &format!("/tours/{tour}"), &officer).await;
    assert!(shown.contains("虚构") && shown.matches("批准").count() >= 3, "{shown}");
    assert!(!shown.contains("须重新批准"), "{shown}");
    assert_eq!(shown.matches("12 人全到").count(), 5);
    for table in ["pupil", "tour_pupil", "pupil_consent"] {
        assert_eq!(number(&hub, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}
