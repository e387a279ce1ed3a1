use std::fmt::Write as _;

use crate::{Field, Kind, Kinds, Shape};

/// The tables that all kinds share: conflicts, what somebody else than who made it withdrew, what was erased, and what the search box searches.
const SHARED: &str = "
CREATE TABLE conflict (id BLOB NOT NULL, kind TEXT NOT NULL, home BLOB, field TEXT NOT NULL, PRIMARY KEY (id, field)) WITHOUT ROWID;
CREATE TABLE withdrawn (id BLOB PRIMARY KEY, kind TEXT NOT NULL, made_by BLOB NOT NULL, withdrawn_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE erased_subject (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE search_doc (doc INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, home BLOB);
";

/// SQL that makes the index of the search box.
pub(crate) fn search(tokenizer: &str) -> String {
    format!(
        "CREATE VIRTUAL TABLE search USING fts5(terms, content='', contentless_delete=1, detail=none, tokenize=\"{tokenizer}\");\n"
    )
}

/// SQL that makes the tables of all kinds, without indexes.
pub fn tables(kinds: &Kinds, tokenizer: &str) -> String {
    let mut sql = SHARED.to_owned() + &search(tokenizer);
    for kind in kinds.all() {
        let _ = writeln!(sql, "CREATE TABLE {} (", kind.name);
        sql.push_str(
            "  id BLOB PRIMARY KEY,\n  home BLOB, -- the school whose nodes alone hold it\n  state TEXT,\n  \
             title TEXT,\n  title_key BLOB,\n  made INTEGER NOT NULL,\n  changed INTEGER NOT NULL,\n  changed_node BLOB NOT NULL,\n  \
             erased INTEGER NOT NULL DEFAULT 0",
        );
        for field in columns(kind) {
            let _ = write!(sql, ",\n  {} {}", field.name, sql_type(field));
        }
        sql.push_str("\n);\n");
        for field in kind.fields.iter().filter(|f| f.shape.is_set()) {
            let _ = writeln!(
                sql,
                "CREATE TABLE {0}_{1} (id BLOB NOT NULL, value {2} NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;",
                kind.name,
                field.name,
                sql_type(field)
            );
        }
    }
    sql
}

/// SQL that makes the indexes.
pub fn indexes(kinds: &Kinds) -> String {
    let mut sql = String::new();
    for kind in kinds.all() {
        let _ = writeln!(sql, "CREATE INDEX {0}_by_title ON {0} (title_key, id);", kind.name);
        let _ = writeln!(sql, "CREATE INDEX {0}_by_changed ON {0} (changed);", kind.name);
        for field in kind.fields {
            match field.shape {
                Shape::Tags(_) | Shape::Links(_) => {
                    let _ =
                        writeln!(sql, "CREATE INDEX {0}_{1}_by_value ON {0}_{1} (value, id);", kind.name, field.name);
                }
                Shape::Link(_) => {
                    let _ = writeln!(sql, "CREATE INDEX {0}_by_{1} ON {0} ({1}, title_key);", kind.name, field.name);
                }
                Shape::Blob => {
                    let _ = writeln!(sql, "CREATE INDEX {0}_by_{1} ON {0} ({1});", kind.name, field.name);
                }
                _ if field.filter || matches!(field.shape, Shape::Date) => {
                    let _ = writeln!(sql, "CREATE INDEX {0}_by_{1} ON {0} ({1}, title_key);", kind.name, field.name);
                }
                _ => {}
            }
        }
        if !kind.states.is_empty() {
            let _ = writeln!(sql, "CREATE INDEX {0}_by_state ON {0} (state, title_key);", kind.name);
        }
    }
    sql
}

/// The names of all tables, to be dropped.
pub fn table_names(kinds: &Kinds) -> Vec<String> {
    let mut names = vec![
        "conflict".to_owned(),
        "withdrawn".to_owned(),
        "erased_subject".to_owned(),
        "search_doc".to_owned(),
        "search".to_owned(),
    ];
    for kind in kinds.all() {
        names.push(kind.name.to_owned());
        names.extend(set_fields(kind).map(|f| format!("{}_{}", kind.name, f.name)));
    }
    names
}

/// The fields that have a column of their own. A field `title` is the column that every kind has.
pub(crate) fn columns(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    // A document has no column: it is put together from its entries when it is looked at.
    kind.fields.iter().filter(|f| !f.shape.is_set() && f.shape != Shape::Document && f.name != "title")
}

pub(crate) fn set_fields(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|f| f.shape.is_set())
}

fn sql_type(field: &Field) -> &'static str {
    match field.shape {
        Shape::Int(..) | Shape::Amount | Shape::Yes => "INTEGER",
        Shape::Link(_) | Shape::Links(_) | Shape::Blob | Shape::Bytes | Shape::Document => "BLOB",
        Shape::Line(_)
        | Shape::Text(_)
        | Shape::Date
        | Shape::Time
        | Shape::Choice(_)
        | Shape::Tags(_)
        | Shape::Names => "TEXT",
    }
}
