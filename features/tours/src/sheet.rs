//! A tour on paper: its plan, its way, what may happen, who goes. How many pupils, and no name, code or contact of one.

use paper::{Block, Paper, PaperError, Run};
use register::{Look, label};
use web::{PageError, Reply, Request, Site};

use crate::approval::Standing;
use crate::facts::{TIERS, TOUR_LEG};
use crate::leave::{name, people, tier};
use crate::tour::{Tour, id_at, text_at};

/// Sends the sheet to who sees the tour.
pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let paper = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let tour = Tour::of(conn, request)?;
        let mut blocks = vec![Block::Facts(about(site, &look, &tour)?)];
        for (key, column) in [("study_tour-purpose", "purpose"), ("study_tour-plan", "plan")] {
            let sql = format!("SELECT {column} FROM study_tour WHERE id = ?1");
            let said = conn.prepare_cached(&sql)?.query_row([tour.id.as_bytes()], |r| text_at(r, 0))?;
            if !said.is_empty() {
                blocks.push(Block::Heading(look.words.get(key).into_owned()));
                blocks.extend(said.lines().map(|line| Block::Text(vec![Run::from(line)])));
            }
        }
        section(&look, &mut blocks, "tour-legs", legs(site, &look, &tour)?);
        section(&look, &mut blocks, "tour-risks", risks(site, &look, &tour)?);
        let adults = people(site, &look, &tour)?.into_iter().map(|(_, name, part)| (part, name)).collect();
        section(&look, &mut blocks, "tour-adults", adults);
        Ok::<_, PageError>(Paper {
            title: tour.title,
            lang: look.words.lang().code().to_owned(),
            foot: site.node_called(look.words.lang()),
            blocks,
            ..Paper::default()
        })
    })?;
    let bytes = paper::pdf(&paper).map_err(|e| match e {
        PaperError::TooLong => PageError::Rule("paper-long".to_owned()),
        failed @ PaperError::Failed(_) => PageError::Internal(failed.to_string()),
    })?;
    Ok(Reply::Bytes("application/pdf", Some(format!("{}.pdf", packages::file_name(&paper.title))), bytes))
}

fn section(look: &Look<'_>, blocks: &mut Vec<Block>, key: &str, facts: Vec<(String, String)>) {
    if !facts.is_empty() {
        blocks.push(Block::Heading(look.words.get(key).into_owned()));
        blocks.push(Block::Facts(facts));
    }
}

fn about(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<(String, String)>, PageError> {
    let words = &look.words;
    let organisation = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let (from, host) = look
        .conn
        .prepare_cached("SELECT school, host FROM study_tour WHERE id = ?1")?
        .query_row([tour.id.as_bytes()], |r| Ok((id_at(r, 0)?, id_at(r, 1)?)))?;
    let home = tour.is_home(site, look.conn)?;
    let mut facts = vec![
        (words.get("study_tour-school").into_owned(), look.title(organisation, &from)?),
        (words.get("study_tour-host").into_owned(), look.title(organisation, &host)?),
        (words.get("field-starts_on").into_owned(), look.date(&tour.starts)),
        (words.get("field-ends_on").into_owned(), look.date(&tour.ends)),
        (words.get("tour-pupils").into_owned(), Tour::told(home, words, tour.pupils)),
    ];
    let standing = Standing::of(look.conn, tour)?;
    for name_of in TIERS {
        let said = match standing.by(name_of) {
            Some(given) if given.changed.is_empty() => {
                format!("{} · {}", name(site, look, &given.who)?, look.date(&given.on))
            }
            _ => words.get("tour-not-approved").into_owned(),
        };
        facts.push((tier(words, name_of), said));
    }
    Ok(facts)
}

fn legs(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<(String, String)>, PageError> {
    let sql = "SELECT day, leaves_at, from_place, to_place, how, adult FROM tour_leg WHERE tour = ?1
               ORDER BY day, leaves_at, id LIMIT 200";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let when = format!("{} {}", look.date(&text_at(row, 0)?), text_at(row, 1)?);
        let how = label(&look.words, &TOUR_LEG, TOUR_LEG.field("how"), &text_at(row, 4)?);
        let adult = id_at(row, 5)?;
        let adult = if adult == base::Subject::default() { String::new() } else { name(site, look, &adult)? };
        let parts = [format!("{} → {}", text_at(row, 2)?, text_at(row, 3)?), how, adult];
        out.push((when.trim().to_owned(), parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ")));
    }
    Ok(out)
}

fn risks(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<(String, String)>, PageError> {
    let sql = "SELECT what, measure, who FROM tour_risk WHERE tour = ?1 ORDER BY made LIMIT 200";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let who = id_at(row, 2)?;
        let measure = text_at(row, 1)?;
        let said =
            if who == base::Subject::default() { measure } else { format!("{measure} · {}", name(site, look, &who)?) };
        out.push((text_at(row, 0)?, said));
    }
    Ok(out)
}
