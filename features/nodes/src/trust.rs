//! How a device of the school comes to trust this node: the certificate of its authority, and what to do with it.

use std::sync::Arc;

use askama::Template;
use origin::{Authority, covers, own_addresses};
use web::{Check, PageError, Reply, Request, Route, Shell, Site, squares};

pub(crate) fn routes(authority: &Arc<Authority>) -> Vec<Route> {
    let (shown, given) = (Arc::clone(authority), Arc::clone(authority));
    vec![
        Route::get("/trust", Check::Public, move |site, r| page(site, r, &shown)),
        // Not as a file to be saved: some devices open it at once. It is nobody's secret.
        Route::get("/trust/zampa.crt", Check::Public, move |_, _| {
            Ok(Reply::Bytes("application/x-x509-ca-cert", None, given.certificate().to_vec()))
        }),
    ]
}

#[derive(Template)]
#[template(path = "trust.html")]
struct TrustPage<'a> {
    s: Shell<'a>,
    name: String,
    /// In bytes, so that a line breaks between two of them.
    fingerprint: Vec<String>,
    until: String,
    /// Where the page is found by a device that is to trust the node, and in squares.
    here: String,
    squares: Option<(i32, String)>,
    /// Where the node is secure.
    secure: String,
    /// Whether this very page came so.
    is_secure: bool,
    /// A certificate that is not this node's own came with it.
    is_public: bool,
    /// The node was asked under a name that its own certificate cannot cover.
    by_address: bool,
}

fn page(site: &Site, request: &Request, authority: &Authority) -> Result<Reply, PageError> {
    let words = request.words(site);
    let host = host(&request.host);
    let until = site.date_of(authority.until_ms());
    let here = format!("http://{host}/trust");
    let page = TrustPage {
        name: authority.name().to_owned(),
        fingerprint: authority.fingerprint().split(':').map(str::to_owned).collect(),
        until: words.date(until),
        squares: squares(&here),
        here,
        secure: format!("https://{host}/"),
        is_secure: request.secure,
        is_public: request.secure && !covers(&request.host),
        by_address: !covers(&request.host),
        s: Shell::new(site, request, words.get("trust")),
    };
    Ok(Reply::Page(page.render()?))
}

/// The node as other devices ask for it: as this page was asked for, unless that is this machine's own name for itself or
/// one for which the node's certificate cannot stand.
fn host(asked: &str) -> String {
    let (name, port) = asked.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).unzip();
    let name = name.unwrap_or(asked);
    if covers(asked) && !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return asked.to_owned();
    }
    let Some(address) = own_addresses().first().copied() else { return asked.to_owned() };
    port.map_or_else(|| address.to_string(), |port| format!("{address}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn other_devices_are_told_what_they_can_reach() {
        for same in ["192.168.1.20:7400", "box.local", "school-1.localhost:7401"] {
            assert_eq!(host(same), same);
        }
        for own in ["localhost:7400", "127.0.0.1:7400", "box:7400", "zampa.example.org:7400"] {
            let told = host(own);
            assert!(told.ends_with(":7400") && told != own || told == "127.0.0.1:7400", "{own}: {told}");
        }
    }
}
