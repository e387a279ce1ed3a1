//! Choosing each other: who would guide, who would learn and from whom, side by side for those who propose a pairing. What
//! comes of it is an invitation; both must sign it.

use askama::Template;
use base::Subject;
use log::Context;
use records::vocabulary::SUBJECTS;
use records::{Change, Kind, REMOVED, Value, append, record_scope};
use register::Look;
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site, set_cookie};

use crate::anew;
use crate::facts::{PAIR_OFFER, PAIR_WISH, PAIRING, PROPOSERS, SORTS};
use crate::notes::{chosen, keep};
use crate::templates;
use crate::two::id;

/// Offers and wishes that are shown.
const MOST: i64 = 300;
/// How many one person offers to guide at a time, at most.
const MOST_AT_A_TIME: i64 = 5;
/// Characters of what somebody says of it.
const ABOUT: usize = 120;

/// A wish `w` that no pairing has answered since it was made.
const OPEN: &str = "NOT EXISTS (SELECT 1 FROM pairing p WHERE p.apprentice = w.person AND p.kind = w.kind
                    AND p.made > w.made AND coalesce(p.state, '') <> 'declined')";

/// What somebody offers.
struct Offer {
    id: Subject,
    person: Subject,
    school: Option<Subject>,
    sort: String,
    subject: Option<String>,
    /// How many they offer to guide at a time: the most that they said, as beginning a pairing asks.
    capacity: i64,
    /// Pairings that the person has now, or that both have signed: an invitation that nobody signed takes no place.
    has: i64,
    line: Line,
}

/// What somebody wishes.
struct Wish {
    id: Subject,
    person: Subject,
    school: Option<Subject>,
    sort: String,
    subject: Option<String>,
    guide: Option<Subject>,
    made: i64,
    line: Line,
}

/// How an offer or a wish reads.
#[derive(Clone)]
struct Line {
    id: String,
    who: String,
    what: String,
    place: String,
    about: String,
    tag: String,
    full: bool,
    own: bool,
    /// Where a pairing with who offers begins, in the place of another.
    begins: Option<String>,
}

/// A wish, and the offers that fit it.
struct Row {
    wish: Line,
    offers: Vec<Line>,
    /// Where nothing that fits is free: a pairing of who wishes, with whom the reader names.
    begins: Option<String>,
}

#[derive(Template)]
#[template(path = "choice.html")]
struct Page<'a> {
    s: Shell<'a>,
    /// For those who propose.
    rows: Option<Vec<Row>>,
    offers: Vec<Line>,
    wishes: Vec<Line>,
    /// Whether the reader has a school at which to offer and wish.
    takes_part: bool,
    sorts: Vec<(&'static str, String)>,
    subjects: Vec<(&'static str, String)>,
    guides: Vec<(String, String)>,
    /// That the reader guides some already, who count.
    counts: Option<String>,
    /// How many at a time can be offered, and whether that is what the form begins with: one more than there are.
    capacities: Vec<(i64, bool)>,
    /// In whose place another pairing is looked for: then what is shown is narrowed to it.
    anew: Option<String>,
    /// Where a pairing is begun without an offer, by sort.
    forms: Vec<(String, String)>,
}

/// Who would guide and who would learn.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let proposes = reader.is_any(PROPOSERS);
        let (mut offers, mut wishes) = (offers(site, &look, request)?, wishes(site, &look, request)?);
        let anew = anew::looked_for(conn, request)?;
        if let Some(two) = &anew {
            // Who guides the apprentice now is not another.
            offers.retain(|o| o.school == two.school && o.sort == two.sort && two.part(&o.person).is_none());
            wishes.retain(|w| w.person == two.apprentice && w.sort == two.sort);
            for offer in &mut offers {
                offer.line.begins = Some(anew::form(two, &offer.person)).filter(|_| !offer.line.full);
            }
        }
        let rows = if proposes {
            let row = |wish: &Wish| {
                let mut fitting = Vec::new();
                for offer in &offers {
                    if fits(offer, wish) && !paired(conn, offer, wish)? {
                        fitting.push(offer.line.clone());
                    }
                }
                let begins = fitting.iter().all(|o: &Line| o.full).then(|| begin(wish));
                Ok::<_, PageError>(Row { wish: wish.line.clone(), offers: fitting, begins })
            };
            let rows = wishes.iter().filter(|w| !w.line.full).map(row).collect::<Result<Vec<_>, _>>()?;
            // In the place of a pairing, an apprentice who has wished for nothing waits all the same.
            Some(rows).filter(|rows| anew.is_none() || !rows.is_empty())
        } else {
            None
        };
        let label =
            |field: &str, w: &&'static str| (*w, register::label(&look.words, &PAIRING, PAIRING.field(field), w));
        let now = guides_now(conn, &reader.person)?;
        let page = Page {
            counts: (now > 0).then(|| look.words.with("pair-offer-counts", &[("n", now.into())])),
            capacities: (1..=MOST_AT_A_TIME).map(|n| (n, n == (now + 1).min(MOST_AT_A_TIME))).collect(),
            rows,
            takes_part: anew.is_none() && !reader.schools().is_empty() && reader.may_make(&PAIR_OFFER),
            sorts: SORTS.iter().map(|w| label("kind", w)).collect(),
            subjects: SUBJECTS.iter().map(|w| label("subject", w)).collect(),
            forms: if anew.is_none() && reader.may_make(&PAIRING) { templates::forms(&look.words) } else { Vec::new() },
            anew: anew.map(|two| look.title(&PAIRING, &two.id)).transpose()?,
            guides: guides(&offers, reader.person),
            offers: offers.into_iter().map(|o| o.line).collect(),
            wishes: wishes.into_iter().map(|w| w.line).filter(|l| l.own).collect(),
            s: Shell::new(site, request, look.words.get("pair-choice")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The form of a pairing for a wish that no offer answers.
fn begin(wish: &Wish) -> String {
    let guide = wish.guide.map(|g| format!("&master={g}")).unwrap_or_default();
    let school = wish.school.map(|s| format!("&school={s}")).unwrap_or_default();
    let subject = wish.subject.as_ref().map(|s| format!("&subject={s}")).unwrap_or_default();
    format!("/pairings/new?kind={}&apprentice={}{guide}{school}{subject}", wish.sort, wish.person)
}

/// What others offer.
fn guides(offers: &[Offer], me: Subject) -> Vec<(String, String)> {
    let others = offers.iter().filter(|o| o.person != me);
    others.map(|o| (o.id.to_string(), format!("{} · {}", o.line.who, o.line.what))).collect()
}

/// The school, for who looks at several.
fn place(site: &Site, look: &Look<'_>, request: &Request, school: Option<Subject>) -> Result<String, PageError> {
    let organisation = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
    match school {
        Some(school) if request.reader()?.schools().len() != 1 => look.title(organisation, &school),
        _ => Ok(String::new()),
    }
}

fn what(look: &Look<'_>, sort: &str, subject: Option<&str>) -> String {
    let mut said = register::label(&look.words, &PAIRING, PAIRING.field("kind"), sort);
    if let Some(subject) = subject {
        said = format!("{said} · {}", register::label(&look.words, &PAIRING, PAIRING.field("subject"), subject));
    }
    said
}

fn offers(site: &Site, look: &Look<'_>, request: &Request) -> Result<Vec<Offer>, PageError> {
    let reader = request.reader()?;
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let mut stmt = look.conn.prepare(&format!(
        "SELECT o.id, o.person, o.school, coalesce(o.kind, ''), o.subject, coalesce(o.about, ''),
                (SELECT max(coalesce(x.capacity, 1)) FROM pair_offer x WHERE x.person = o.person),
                (SELECT count(*) FROM pairing p WHERE p.master = o.person AND p.state IN ('signed', 'active'))
         FROM pair_offer o WHERE {} ORDER BY o.school, o.made LIMIT {MOST}",
        reader.sees(&PAIR_OFFER, "o")
    ))?;
    let mut rows = stmt.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (offer, whose) = (id(row.get(0)?).unwrap_or_default(), id(row.get(1)?).unwrap_or_default());
        let (sort, subject): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        let (capacity, has): (i64, i64) = (row.get(6)?, row.get(7)?);
        let full = has >= capacity;
        let school = id(row.get(2)?);
        let key = if full { "pair-offer-full" } else { "pair-offer-free" };
        out.push(Offer {
            id: offer,
            person: whose,
            school,
            line: Line {
                id: offer.to_string(),
                place: place(site, look, request, school)?,
                who: look.title(person, &whose)?,
                what: what(look, &sort, subject.as_deref()),
                about: row.get(5)?,
                tag: look.words.with(key, &[("n", has.into()), ("all", capacity.into())]),
                full,
                own: whose == reader.person,
                begins: None,
            },
            sort,
            subject,
            capacity,
            has,
        });
    }
    Ok(out)
}

fn wishes(site: &Site, look: &Look<'_>, request: &Request) -> Result<Vec<Wish>, PageError> {
    let reader = request.reader()?;
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let mut stmt = look.conn.prepare(&format!(
        "SELECT w.id, w.person, w.school, coalesce(w.kind, ''), w.subject, coalesce(w.about, ''), (SELECT o.person FROM pair_offer o WHERE o.id = w.offer), w.made,
                {OPEN}
         FROM pair_wish w WHERE {} ORDER BY w.school, w.made LIMIT {MOST}",
        reader.sees(&PAIR_WISH, "w")
    ))?;
    let mut rows = stmt.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (wish, whose) = (id(row.get(0)?).unwrap_or_default(), id(row.get(1)?).unwrap_or_default());
        let (sort, subject): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        let school = id(row.get(2)?);
        let (guide, open) = (id(row.get(6)?), row.get::<_, bool>(8)?);
        let tag = match guide {
            Some(guide) => look.words.with("pair-wish-guide", &[("who", look.title(person, &guide)?.as_str().into())]),
            None => String::new(),
        };
        out.push(Wish {
            id: wish,
            person: whose,
            school,
            guide,
            made: row.get(7)?,
            line: Line {
                id: wish.to_string(),
                place: place(site, look, request, school)?,
                who: look.title(person, &whose)?,
                what: what(look, &sort, subject.as_deref()),
                about: row.get(5)?,
                tag,
                full: !open,
                own: whose == reader.person,
                begins: None,
            },
            sort,
            subject,
        });
    }
    Ok(out)
}

/// Whether an offer answers a wish: at one school, of one sort, in a subject that both can mean; or by the person who was
/// named.
fn fits(offer: &Offer, wish: &Wish) -> bool {
    let subject = offer.subject.is_none() || wish.subject.is_none() || offer.subject == wish.subject;
    offer.person != wish.person
        && offer.school == wish.school
        && (wish.guide == Some(offer.person) || wish.guide.is_none() && offer.sort == wish.sort && subject)
}

/// Whether the two are paired so, or one of them has said "not this time" since the wish was made.
fn paired(conn: &Connection, offer: &Offer, wish: &Wish) -> Result<bool, PageError> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM pairing WHERE master = ?1 AND apprentice = ?2 AND kind = ?3
             AND (state IN ('invited', 'signed', 'active', 'paused') OR state = 'declined' AND made > ?4))",
        )?
        .query_row(rusqlite::params![offer.person.as_bytes(), wish.person.as_bytes(), wish.sort, wish.made], |r| {
            r.get(0)
        })?)
}

/// How many wishes wait for an answer.
pub(crate) fn open_wishes(conn: &Connection, sees: &str) -> Result<i64, PageError> {
    let sql = format!("SELECT count(*) FROM pair_wish w WHERE {OPEN} AND ({sees})");
    Ok(conn.prepare(&sql)?.query_row([], |r| r.get(0))?)
}

fn back(note: &str) -> Reply {
    Reply::ToWith("/pairings/choice".to_owned(), vec![set_cookie("zampa_note", note, 60)])
}

/// What offers and wishes have in common, as the form said it.
fn about(request: &Request) -> Result<Change, PageError> {
    let form = || PageError::Rule("pair-form".to_owned());
    let reader = request.reader()?;
    let school = reader.schools().into_iter().next().ok_or_else(|| PageError::Rule("pair-no-school".to_owned()))?;
    let said = text::clean_line(request.form("about").unwrap_or_default(), ABOUT).map_err(|_| form())?;
    if said.is_empty() {
        return Err(PageError::Rule("pair-empty".to_owned()));
    }
    let mut change = Change::new()
        .with_link("person", reader.person)
        .with_link("school", school)
        .with_text("kind", chosen(request, "kind", SORTS)?.ok_or_else(form)?)
        .with_text("about", said);
    if let Some(subject) = chosen(request, "subject", SUBJECTS)? {
        change = change.with_text("subject", subject);
    }
    Ok(change)
}

/// Somebody would guide others.
pub(crate) fn offer(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let capacity: i64 = request.form("capacity").and_then(|n| n.trim().parse().ok()).unwrap_or(0);
    if !(1..=MOST_AT_A_TIME).contains(&capacity) {
        return Err(PageError::Rule("pair-capacity".to_owned()));
    }
    let change = about(request)?.with("capacity", Value::Int(capacity));
    let made = keep(site, request, &PAIR_OFFER, change.clone())?;
    take_back_like(site, request, &change, made)?;
    Ok(back("done-saved"))
}

/// Who offers the same sort and subject anew says something else of it: the earlier offer makes way.
fn take_back_like(site: &Site, request: &Request, change: &Change, made: Subject) -> Result<(), PageError> {
    let me = request.reader()?.person;
    let said = |field: &str| change.set.get(field).and_then(Value::as_text).map(str::to_owned);
    site.store.write(Context { author: me }, |tx| {
        let sql = "SELECT id FROM pair_offer WHERE person = ?1 AND kind IS ?2 AND subject IS ?3 AND id <> ?4";
        let args = rusqlite::params![me.as_bytes(), said("kind"), said("subject"), made.as_bytes()];
        let mut stmt = tx.conn().prepare_cached(sql)?;
        let earlier =
            stmt.query_map(args, |r| Ok(id(r.get(0)?).unwrap_or_default()))?.collect::<Result<Vec<_>, _>>()?;
        for one in earlier {
            let scope = record_scope(tx.conn(), site.programme, &PAIR_OFFER, &one)?;
            append(tx, &PAIR_OFFER, scope, one, Change::new().with(REMOVED, Value::Bool(true)), None)?;
        }
        Ok(tx.fold()?)
    })
}

/// How many somebody guides now, as far as an offer counts them.
fn guides_now(conn: &Connection, me: &Subject) -> Result<i64, PageError> {
    let sql = "SELECT count(*) FROM pairing WHERE master = ?1 AND state IN ('signed', 'active')";
    Ok(conn.prepare_cached(sql)?.query_row([me.as_bytes()], |r| r.get(0))?)
}

/// Somebody would learn.
pub(crate) fn wish(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let mut change = about(request)?;
    if let Some(offer) = request.form("offer").filter(|o| !o.is_empty()) {
        change = change.with_link("offer", offer.parse().map_err(|_| PageError::Rule("pair-form".to_owned()))?);
    }
    keep(site, request, &PAIR_WISH, change)?;
    Ok(back("done-saved"))
}

/// Somebody takes an offer or a wish of their own back.
pub(crate) fn withdraw(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let which: Subject = request.form("which").and_then(|w| w.parse().ok()).ok_or(PageError::NotFound)?;
    site.store.write(Context { author: reader.person }, |tx| {
        for kind in [&PAIR_OFFER, &PAIR_WISH] {
            if mine(tx.conn(), kind, &which, &reader.person)? {
                let scope = record_scope(tx.conn(), site.programme, kind, &which)?;
                append(tx, kind, scope, which, Change::new().with(REMOVED, Value::Bool(true)), None)?;
                tx.fold()?;
                return Ok(());
            }
        }
        Err(PageError::NotFound)
    })?;
    Ok(back("done-saved"))
}

fn mine(conn: &Connection, kind: &Kind, which: &Subject, me: &Subject) -> Result<bool, PageError> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM {} WHERE id = ?1 AND person = ?2)", kind.name);
    Ok(conn.prepare_cached(&sql)?.query_row([which.as_bytes(), me.as_bytes()], |r| r.get(0))?)
}

/// The head or the office proposes a pairing of a wish and an offer that fits.
pub(crate) fn propose(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (offer, wish) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let picked = |name: &str| request.form(name).and_then(|i| i.parse::<Subject>().ok());
        let (offer, wish) = (picked("offer"), picked("wish"));
        let offer = offers(site, &look, request)?.into_iter().find(|o| Some(o.id) == offer);
        let wish = wishes(site, &look, request)?.into_iter().find(|w| Some(w.id) == wish);
        let (Some(offer), Some(wish)) = (offer, wish) else { return Err(PageError::NotFound) };
        if !fits(&offer, &wish) || paired(conn, &offer, &wish)? {
            return Err(PageError::Rule("pair-form".to_owned()));
        }
        Ok((offer, wish))
    })?;
    if offer.has >= offer.capacity {
        return Err(PageError::Rule("pairing-beyond-capacity".to_owned()));
    }
    let school = wish.school.ok_or(PageError::NotFound)?;
    let mut change = Change::new()
        .with_text("kind", wish.sort)
        .with_link("master", offer.person)
        .with_link("apprentice", wish.person)
        .with_link("school", school);
    if let Some(subject) = wish.subject.or(offer.subject) {
        change = change.with_text("subject", subject);
    }
    let made = keep(site, request, &PAIRING, change)?;
    Ok(register::done(&PAIRING, made, "pair-done-proposed"))
}
