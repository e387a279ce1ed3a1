//! In the demonstration only: sign in as any kind of person.

use askama::Template;
use base::Subject;
use records::Role;
use register::Look;
use web::{PageError, Reply, Request, Shell, Site};

/// People shown for a role and place.
const SHOWN: i64 = 3;

struct Who {
    id: String,
    name: String,
    code: &'static str,
    role: String,
    place: String,
}

#[derive(Template)]
#[template(path = "view_as.html")]
struct Page<'a> {
    s: Shell<'a>,
    people: Vec<Who>,
    back: String,
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let org = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
        // Nobody has signed in yet, so names are read here: they are invented.
        let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
        let sql = format!(
            "SELECT g.person, g.organisation, {} FROM grant_of_role g JOIN person p ON p.id = g.person
             WHERE g.role = ?1 AND g.from_on <= ?2 AND (g.until_on IS NULL OR g.until_on >= ?2)
             ORDER BY p.home IS NULL, g.id LIMIT ?3",
            person.called("p", request.lang)
        );
        let today = site.today().to_string();
        let mut people = Vec::new();
        for role in Role::ALL {
            // On a school's node its own people come first; on the hub those of the whole programme.
            let mut stmt = conn.prepare_cached(&sql)?;
            let found = stmt
                .query_map(rusqlite::params![role.code(), today, SHOWN], |r| {
                    Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Option<Vec<u8>>>(1)?, r.get::<_, Option<String>>(2)?))
                })?
                .collect::<Result<Vec<_>, _>>()?;
            for (id, place, name) in found {
                let id = Subject::try_from(id.as_slice()).unwrap_or_default();
                let place = place.and_then(|p| Subject::try_from(p.as_slice()).ok());
                people.push(Who {
                    id: id.to_string(),
                    name: name.unwrap_or_default(),
                    code: role.code(),
                    role: look.words.get(&format!("role-{}", role.code())).into_owned(),
                    place: place.map_or(Ok(String::new()), |p| look.title(org, &p))?,
                });
            }
        }
        let title = look.words.get("view-as-title").into_owned();
        let back = request.query("back").unwrap_or("/today").to_owned();
        Ok::<_, PageError>(Page { s: Shell::new(site, request, title), people, back }.render()?)
    })?;
    Ok(Reply::Page(html))
}

pub(crate) fn take(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person: Subject = request.form("person").and_then(|p| p.parse().ok()).ok_or(PageError::Malformed("person"))?;
    let today = site.today();
    let reader = site.store.read(|conn| crate::reader_of(conn, person, today))?;
    if reader.grants.is_empty() {
        return Err(PageError::NotFound);
    }
    let token = site.local.start_session(person)?;
    let back = request.form("back").and_then(web::own_page).unwrap_or("/today");
    Ok(Reply::ToWith(back.to_owned(), vec![site.set_session_cookie(Some(&token), request.secure)]))
}
