//! A school's week: who writes it, what is refused and what is shown; a week that is pasted; a gap that is held as a live class;
//! what two nodes write apart.

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::Subject;
use log::LogError;
use records::Role;
use zampa::house;
use zampa::node::members;

use crate::courses::Who;
use crate::desk::{Desk, desk_at};
use crate::play::page;
use crate::two_nodes::give;

fn number(desk: &Desk, sql: &str) -> i64 {
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

fn said(desk: &Desk, sql: &str) -> String {
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get::<_, String>(0))?)).unwrap()
}

fn hex(id: Subject) -> String {
    let digits: String = id.as_bytes().iter().map(|b| format!("{b:02X}")).collect();
    format!("x'{digits}'")
}

async fn send(desk: &Desk, path: &str, who: &Who, form: &str) -> (StatusCode, String, String) {
    let answer = desk.post(path, who, form).await;
    let status = answer.status();
    let to = answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = to_bytes(answer.into_body(), 4 << 20).await.unwrap();
    (status, to, String::from_utf8_lossy(&body).into_owned())
}

/// A teacher of the school who has a lesson, with its weekday and period.
struct Busy {
    school: Subject,
    teacher: Subject,
    day: String,
    period: Subject,
}

fn busy(desk: &Desk) -> Busy {
    let of =
        format!("FROM timetable_lesson WHERE school = {} AND teacher IS NOT NULL ORDER BY id LIMIT 1", hex(desk.home));
    Busy {
        school: desk.home,
        teacher: desk.one(&format!("SELECT teacher {of}")),
        day: said(desk, &format!("SELECT weekday {of}")),
        period: desk.one(&format!("SELECT period {of}")),
    }
}

const DAYS: &str = "starts_on=2026-09-01&ends_on=2027-01-15";

#[tokio::test(flavor = "multi_thread")]
async fn the_school_writes_its_week_and_nobody_is_in_two_places_at_once() {
    let desk = desk_at(1);
    let head = desk.sign_in(Role::Head);
    let Busy { school, teacher, day, period } = busy(&desk);
    let (at, cell) = (format!("/timetables/{school}"), format!("/timetables/{school}/cell"));
    let week = page(&desk, &at, &head).await;
    assert!(week.contains("缺教师") && week.contains("aria-current=\"true\""), "the first class, and the gaps");

    // A cell of a new class: without a teacher it is a gap; with one who teaches elsewhere then, it is refused and shown again.
    let form = |rest: &str| format!("class=六年级9班&day={day}&period={period}&{DAYS}&{rest}");
    let (status, _, refused) = send(&desk, &cell, &head, &form(&format!("subject=music&teacher={teacher}"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.contains("该教师此时另有一节课") && refused.contains("value=\"music\" selected"),
        "nothing typed is lost"
    );
    let own = "FROM timetable_lesson WHERE class = '六年级9班'";
    assert_eq!(number(&desk, &format!("SELECT count(*) {own}")), 0);
    let (status, next, _) = send(&desk, &cell, &head, &form("subject=music&then=next")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(next.contains("&day=") && !next.contains(&period.to_string()), "on to the next cell: {next}");
    assert_eq!(number(&desk, &format!("SELECT count(*) {own} AND teacher IS NULL AND grade = 6")), 1);
    let (status, ..) = send(&desk, &cell, &head, &form("subject=art")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "the class is there already");

    // Changed, emptied, and brought back by the undo that the note offers.
    let id = desk.one(&format!("SELECT id {own}"));
    let changed = desk.post(&cell, &head, &form(&format!("subject=art&lesson={id}"))).await;
    let note = changed.headers().get("set-cookie").unwrap().to_str().unwrap().to_owned();
    assert_eq!(said(&desk, &format!("SELECT subject {own}")), "art");
    let undo = |note: &str| {
        let plain = note.replace("%2F", "/").replace("%7C", "|");
        plain.split('|').nth(1).unwrap().split(';').next().unwrap().to_owned()
    };
    assert_eq!(send(&desk, &undo(&note), &head, "").await.0, StatusCode::SEE_OTHER);
    assert_eq!(said(&desk, &format!("SELECT subject {own}")), "music");
    let emptied = desk.post(&cell, &head, &form(&format!("subject=&lesson={id}"))).await;
    let note = emptied.headers().get("set-cookie").unwrap().to_str().unwrap().to_owned();
    assert_eq!(number(&desk, &format!("SELECT count(*) {own}")), 0);
    send(&desk, &undo(&note), &head, "").await;
    assert_eq!(number(&desk, &format!("SELECT count(*) {own}")), 1);
    for bad in [
        "starts_on=2026-13-01&ends_on=2027-01-15&subject=art",
        "starts_on=2026-10-01&ends_on=2026-09-01&subject=art",
        "starts_on=2026-10-01&ends_on=2026-12-01&subject=dance",
    ] {
        let form = format!("class=六年级9班&day={day}&period={period}&lesson={id}&{bad}");
        assert_eq!(send(&desk, &cell, &head, &form).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }

    // The week of another class begins with this one, where it is free, without teachers.
    let copy = format!("from=六年级9班&to=六年级8班&{DAYS}");
    assert_eq!(send(&desk, &format!("{at}/copy"), &head, &copy).await.0, StatusCode::SEE_OTHER);
    assert_eq!(number(&desk, "SELECT count(*) FROM timetable_lesson WHERE class = '六年级8班'"), 1);
    assert_eq!(send(&desk, &format!("{at}/copy"), &head, &copy).await.0, StatusCode::CONFLICT, "all is filled");

    // The spreadsheet of the class; and who is of no concern here sees and writes nothing.
    let (_, csv) =
        desk.get(&format!("/csv/timetables/{school}?class=%E5%85%AD%E5%B9%B4%E7%BA%A79%E7%8F%AD"), &head, None).await;
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.lines().count() == 2 && csv.contains("音乐") && csv.contains("六年级9班"), "{csv}");
    let hub = desk_at(0);
    let coordinator = hub.sign_in(Role::Coordinator);
    assert_eq!(hub.get(&at, &coordinator, None).await.0.status(), StatusCode::NOT_FOUND);
    let (status, ..) = send(&hub, &cell, &coordinator, &form("subject=music")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // Nor does the head of another school, by any address.
    let stranger = hub.sign_in(Role::Head);
    let theirs = hub.one(
        "SELECT school FROM timetable_lesson WHERE school <> (SELECT organisation FROM grant_of_role WHERE role = 'head'
         ORDER BY organisation IS NOT NULL DESC LIMIT 1) LIMIT 1",
    );
    for path in ["", "/gaps", "/periods", "/paste"] {
        let path = format!("/timetables/{theirs}{path}");
        assert_eq!(hub.get(&path, &stranger, None).await.0.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(hub.get(&format!("/csv/timetables/{theirs}"), &stranger, None).await.0.status(), StatusCode::NOT_FOUND);
    for (path, form) in [
        ("cell", form("subject=music")),
        ("copy", format!("from=a&to=b&{DAYS}")),
        ("periods", "period=&name=a&starts=10:00&ends=11:00".to_owned()),
        ("paste", format!("{DAYS}&text=x")),
        ("undo/0/all", String::new()),
    ] {
        let status = send(&hub, &format!("/timetables/{theirs}/{path}"), &stranger, &form).await.0;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let observer = hub.sign_in(Role::Observer);
    let (status, ..) = send(&hub, &cell, &observer, &form("subject=music")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn bell_times_are_written_together() {
    let desk = desk_at(1);
    let head = desk.sign_in(Role::Head);
    let school = desk.one("SELECT id FROM organisation WHERE kind = 'outlying_school' AND parent IN (SELECT school FROM timetable_lesson) ORDER BY id LIMIT 1");
    let at = format!("/timetables/{school}");
    assert!(page(&desk, &at, &head).await.contains("请先设定作息时间"), "an empty one says what to do");
    let bells = format!("{at}/periods");
    let (status, _, said_) =
        send(&desk, &bells, &head, "period=&name=一&starts=10:00&ends=09:00&period=&name=二&starts=11:00&ends=11:40")
            .await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && said_.contains("第 1 行"), "{said_}");
    let (status, _, said_) =
        send(&desk, &bells, &head, "period=&name=一&starts=10:00&ends=10:40&period=&name=二&starts=10:30&ends=11:10")
            .await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && said_.contains("不能重叠"), "{said_}");
    let own = format!("FROM period WHERE school = {}", hex(school));
    assert_eq!(number(&desk, &format!("SELECT count(*) {own}")), 0);
    let (status, ..) = send(
        &desk,
        &bells,
        &head,
        "period=&name=二&starts=11:00&ends=11:40&period=&name=一&starts=10:00&ends=10:40&period=&name=空&starts=&ends=",
    )
    .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        said(&desk, &format!("SELECT group_concat(name || position, ' ') FROM (SELECT * {own} ORDER BY position)")),
        "一1 二2"
    );
    // An hour is put before the others: their numbers move on.
    let id = |name: &str| desk.one(&format!("SELECT id {own} AND name = '{name}'"));
    let (one, two) = (id("一"), id("二"));
    let form = format!(
        "period={one}&name=一&starts=10:00&ends=10:40&period={two}&name=二&starts=11:00&ends=11:40&period=&name=早读&starts=09:20&ends=09:40"
    );
    assert_eq!(send(&desk, &bells, &head, &form).await.0, StatusCode::SEE_OTHER);
    assert_eq!(
        said(&desk, &format!("SELECT group_concat(name || position, ' ') FROM (SELECT * {own} ORDER BY position)")),
        "早读1 一2 二3"
    );
    // One in which lessons stand stays.
    let cell = format!("class=三年级1班&day=monday&period={one}&subject=music&{DAYS}");
    assert_eq!(send(&desk, &format!("{at}/cell"), &head, &cell).await.0, StatusCode::SEE_OTHER);
    let (status, _, said_) = send(&desk, &bells, &head, &format!("period={one}&name=一&starts=&ends=")).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && said_.contains("还有课"), "{said_}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_pasted_whole_or_not_at_all() {
    let desk = desk_at(1);
    let head = desk.sign_in(Role::Head);
    let school = desk.home;
    let at = format!("/timetables/{school}/paste");
    // Two teachers of the school who have no lesson at all, by their names.
    let free = |n: usize| {
        let sql = format!(
            "SELECT name FROM person p WHERE p.school = {} AND NOT EXISTS (SELECT 1 FROM timetable_lesson l WHERE l.teacher = p.id)
             AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.id AND g.role IN ('pupil', 'device'))
             ORDER BY p.id LIMIT 1 OFFSET {n}",
            hex(school)
        );
        said(&desk, &sql)
    };
    let (one, two) = (free(0), free(1));
    let enc = |s: &str| s.replace('\t', "%09").replace('\n', "%0A");
    let form = |text: &str, rest: &str| format!("class=六年级7班&{DAYS}&text={}{rest}", enc(text));
    let own = "FROM timetable_lesson WHERE class = '六年级7班'";
    let wrong = format!("节次\t星期一\t周二\n第一节\t语文 {one}\t跳舞\n第九节\t数学\n第二节\t数学 无此人");
    let (status, _, answer) = send(&desk, &at, &head, &form(&wrong, "&do=save")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for says in [
        "第 2 行，星期二：没有叫“跳舞”的学科",
        "第 3 行：学校没有“第九节”这一节",
        "第 4 行，星期一：本校没有叫“无此人”的教师",
    ] {
        assert!(answer.contains(says), "{says}: {answer}");
    }
    assert!(answer.contains("第九节\t数学"), "what was pasted is still there");
    assert_eq!(number(&desk, &format!("SELECT count(*) {own}")), 0, "nothing was written");

    let good = format!("节次\t星期一\t周二\n第一节\t语文 {one}\t藏语文（{two}）\n第二节\t数学\t");
    let (status, _, answer) = send(&desk, &at, &head, &form(&good, "&do=check")).await;
    assert!(status == StatusCode::OK && answer.contains("新增 3，改动 0，不变 0"), "{answer}");
    assert_eq!(number(&desk, &format!("SELECT count(*) {own}")), 0, "only checked");
    let saved = desk.post(&at, &head, &form(&good, "&do=save")).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    assert_eq!(number(&desk, &format!("SELECT count(*) {own}")), 3);
    assert_eq!(
        number(&desk, &format!("SELECT count(*) {own} AND teacher IS NULL AND subject = 'mathematics'")),
        1,
        "a gap"
    );

    // Again it changes nothing; what differs is replaced only where that is said; two who change places are no clash.
    let (_, _, answer) = send(&desk, &at, &head, &form(&good, "&do=check")).await;
    assert!(answer.contains("新增 0，改动 0，不变 3"), "{answer}");
    let other = format!("节次\t星期一\t周二\n第一节\t语文 {two}\t藏语文 {one}");
    let (status, _, answer) = send(&desk, &at, &head, &form(&other, "&do=save")).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && answer.contains("请勾选"), "{answer}");
    let replaced = desk.post(&at, &head, &form(&other, "&replace=yes&do=save")).await;
    assert_eq!(replaced.status(), StatusCode::SEE_OTHER);
    let who = "SELECT p.name FROM timetable_lesson l JOIN person p ON p.id = l.teacher WHERE l.class = '六年级7班' AND l.subject = 'chinese'";
    assert_eq!(said(&desk, who), two);
    // Undone as a whole.
    let note = replaced.headers().get("set-cookie").unwrap().to_str().unwrap().replace("%2F", "/").replace("%7C", "|");
    let undo = note.split('|').nth(1).unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(send(&desk, &undo, &head, "").await.0, StatusCode::SEE_OTHER);
    assert_eq!(said(&desk, who), one);
    // A teacher who is in another class at that time is said by the line.
    let Busy { teacher, day, period, .. } = busy(&desk);
    let name = said(&desk, &format!("SELECT name FROM person WHERE id = {}", hex(teacher)));
    let hour = said(&desk, &format!("SELECT name FROM period WHERE id = {}", hex(period)));
    let text = format!("\t{day}\n{hour}\t音乐 {name}");
    let twice = format!("class=六年级6班&{DAYS}&do=save&text={}", enc(&text));
    let (status, _, answer) = send(&desk, &at, &head, &twice).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && answer.contains("此时另有一节课"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_becomes_a_live_class_of_every_week() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    // Of an open need, whose page counts the gaps that the timetable shows.
    let of =
        "FROM need n JOIN timetable_lesson l ON l.school = n.school AND l.subject = n.subject AND l.teacher IS NULL
              WHERE n.state = 'approved' ORDER BY n.id, l.id LIMIT 1";
    let (need, gap, school) = (
        hub.one(&format!("SELECT n.id {of}")),
        hub.one(&format!("SELECT l.id {of}")),
        hub.one(&format!("SELECT n.school {of}")),
    );
    let subject = said(&hub, &format!("SELECT n.subject {of}"));
    let (of, at) = (format!("subject = '{subject}' AND teacher IS NULL"), hex(school));
    let gaps = number(&hub, &format!("SELECT count(*) FROM timetable_lesson WHERE school = {at} AND {of}"));
    let shown = page(&hub, &format!("/needs/{need}"), &officer).await;
    assert!(shown.contains(&format!("每周 {gaps} 课时缺教师")), "{shown}");
    let rows = page(&hub, &format!("/timetables/{school}/gaps?subject={subject}"), &officer).await;
    assert_eq!(i64::try_from(rows.matches("/classes/new?lesson=").count()).unwrap(), gaps, "each opens into a class");

    // The form of a live class, with what the gap says.
    let begin = rows
        .split("href=\"")
        .find(|p| p.starts_with(&format!("/classes/new?lesson={gap}&")))
        .or_else(|| rows.split("href=\"").find(|p| p.contains(&gap.to_string()) && p.starts_with("/classes/new")))
        .unwrap();
    let begin = begin.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let form = page(&hub, &begin, &officer).await;
    let class = said(&hub, &format!("SELECT class FROM timetable_lesson WHERE id = {}", hex(gap)));
    let starts = said(
        &hub,
        &format!(
            "SELECT p.starts_at FROM timetable_lesson l JOIN period p ON p.id = l.period WHERE l.id = {}",
            hex(gap)
        ),
    );
    assert!(
        form.contains(&class) && form.contains(&format!("value=\"{starts}\"")) && form.contains("value=\"40\""),
        "{form}"
    );
    assert!(form.contains(&format!("value=\"{subject}\" selected")) && form.contains("name=\"_weeks\""));
    let unit = "FROM grant_of_role WHERE role = 'coordinator' AND organisation IS NOT NULL ORDER BY id LIMIT 1";
    let (teacher, origin) =
        (hub.one(&format!("SELECT person {unit}")), hub.one(&format!("SELECT organisation {unit}")));
    let adult = hub
        .one(&format!("SELECT id FROM person WHERE school = {} AND name IS NOT NULL ORDER BY id LIMIT 1", hex(school)));
    let day = begin.split("starts_on=").nth(1).unwrap().split('&').next().unwrap();
    let about = format!(
        "title=课&kind=dedicated&subject={subject}&starts_on={day}&starts_at={starts}&minutes=40&origin={origin}&teacher={teacher}"
    );
    for (rest, says) in [("_weeks=1", "负责的教师"), ("_weeks=0", "周数"), ("_weeks=40", "周数"), ("_weeks=x", "周数")]
    {
        let adult = if rest == "_weeks=1" { String::new() } else { format!("&_adult={adult}") };
        let (status, _, answer) = send(&hub, &begin, &officer, &format!("{about}&{rest}{adult}")).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && answer.contains(says), "{rest}: {answer}");
    }
    let before = number(&hub, "SELECT count(*) FROM live_class");
    let (status, to, answer) = send(&hub, &begin, &officer, &format!("{about}&_weeks=3&_adult={adult}")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{answer}");
    assert_eq!(number(&hub, "SELECT count(*) FROM live_class") - before, 3);
    let series = hub.one("SELECT id FROM class_series ORDER BY made DESC, id DESC LIMIT 1");
    let of = format!("FROM live_class c JOIN class_room r ON r.class = c.id WHERE c.series = {}", hex(series));
    assert_eq!(
        number(
            &hub,
            &format!(
                "SELECT count(*) {of} AND r.school = {} AND r.grade = '{class}' AND r.byline <> '' AND c.byline <> ''",
                hex(school)
            )
        ),
        3
    );
    assert_eq!(number(&hub, &format!("SELECT count(DISTINCT strftime('%w', c.starts_on)) {of}")), 1, "on one weekday");
    assert_eq!(
        number(
            &hub,
            &format!("SELECT CAST(julianday(max(c.starts_on)) - julianday(min(c.starts_on)) AS INTEGER) {of}")
        ),
        14
    );

    // The class says that it fills the gap, and when all can; the week shows it in its cell.
    let class_page = page(&hub, &to, &officer).await;
    assert!(class_page.contains("填补") && class_page.contains("id=\"timetable-slots\""), "{class_page}");
    let week = page(&hub, &format!("/timetables/{school}?class={}&on={day}", web::escape(&class)), &officer).await;
    assert!(week.contains("tt-live") && week.contains(&to), "the live class stands in its cell");
    // A class that is taught something else then is a warning, and no refusal.
    let taught = format!(
        "FROM timetable_lesson WHERE school = {} AND teacher IS NOT NULL AND subject <> '{subject}' ORDER BY id LIMIT 1",
        hex(school)
    );
    let (other, weekday) =
        (said(&hub, &format!("SELECT class {taught}")), said(&hub, &format!("SELECT weekday {taught}")));
    let at = said(&hub, &format!("SELECT p.starts_at FROM period p WHERE p.id = (SELECT period {taught})"));
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let n = names.iter().position(|d| *d == weekday).unwrap();
    // 2026-12-07 is a Monday.
    let on = format!("2026-12-{:02}", 7 + n);
    let about = format!(
        "title=另一节&kind=dedicated&subject={subject}&starts_on={on}&starts_at={at}&minutes=40&origin={origin}&teacher={teacher}"
    );
    let (_, to, _) = send(&hub, "/classes/new", &officer, &about).await;
    let id = to.rsplit('/').next().unwrap();
    let room = format!("class={id}&school={school}&grade={other}&person={adult}");
    assert_eq!(send(&hub, "/class-rooms/new", &officer, &room).await.0, StatusCode::SEE_OTHER, "not refused");
    let warned = page(&hub, &to, &officer).await;
    assert!(warned.contains("此时有") && warned.contains("tt-tag bad"), "{warned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_fill_one_cell_apart_both_show_both() {
    let (hub, school) = (desk_at(0), desk_at(1));
    let (officer, head) = (hub.sign_in(Role::Officer), school.sign_in(Role::Head));
    let Busy { school: id, day, period, .. } = busy(&school);
    let cell = format!("/timetables/{id}/cell");
    let form = |subject: &str| format!("class=六年级9班&day={day}&period={period}&subject={subject}&{DAYS}");
    assert_eq!(send(&hub, &cell, &officer, &form("music")).await.0, StatusCode::SEE_OTHER);
    assert_eq!(send(&school, &cell, &head, &form("art")).await.0, StatusCode::SEE_OTHER);
    let of = members(&school.files.settings().unwrap());
    for (from, to) in [(&hub, &school), (&school, &hub)] {
        give(&from.node.site.store, &to.node.site.store, &of);
    }
    let kinds = house::kinds();
    let rule =
        kinds.get("timetable_lesson").unwrap().rules.iter().find(|r| r.code == "timetable_lesson-class-twice").unwrap();
    for (desk, who) in [(&hub, &officer), (&school, &head)] {
        assert_eq!(number(desk, &format!("SELECT count(*) FROM ({})", rule.for_all())), 2, "the two, from both sides");
        let week = page(desk, &format!("/timetables/{id}?class=%E5%85%AD%E5%B9%B4%E7%BA%A79%E7%8F%AD"), who).await;
        assert!(week.contains("音乐") && week.contains("美术") && week.contains("同时两节"), "both are kept and shown");
        assert!(page(desk, "/conflicts", who).await.contains("六年级9班"), "and to be settled");
    }
}
