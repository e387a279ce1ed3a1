use base::{Subject, base32};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value as Json, json};

/// A person's key in use: an open half for whoever seals to them, and a half that only their passphrase opens.
pub struct Key {
    /// Its record.
    pub id: Subject,
    /// The open half.
    pub public: Vec<u8>,
    /// The other half, sealed.
    pub private: Vec<u8>,
    /// The day on which it was made.
    pub since: String,
}

impl Key {
    /// The last that a person made.
    ///
    /// # Errors
    /// What the database says.
    pub fn of(conn: &Connection, person: &Subject) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT id, public, private, since FROM seal_key
                   WHERE person = ?1 AND coalesce(state, 'in_use') = 'in_use' AND public IS NOT NULL
                   ORDER BY made DESC, id DESC LIMIT 1";
        let found = conn.prepare_cached(sql)?.query_row([person.as_bytes()], |r| {
            let id: Option<Vec<u8>> = r.get(0)?;
            Ok(Self {
                id: id.and_then(|b| Subject::try_from(b.as_slice()).ok()).unwrap_or_default(),
                public: r.get(1)?,
                private: r.get::<_, Option<_>>(2)?.unwrap_or_default(),
                since: r.get::<_, Option<_>>(3)?.unwrap_or_default(),
            })
        });
        found.optional()
    }

    /// For who seals to the person.
    #[must_use]
    pub fn open_half(&self) -> Json {
        json!({ "id": self.id.to_string(), "public": base32::encode(&self.public) })
    }

    /// For the person.
    #[must_use]
    pub fn own_half(&self) -> Json {
        json!({
            "id": self.id.to_string(),
            "public": base32::encode(&self.public),
            "private": base32::encode(&self.private),
        })
    }
}
