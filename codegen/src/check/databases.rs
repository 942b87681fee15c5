//! Checks of ClickHouse databases and the servers that they are on.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::{is_identifier, suggest};
use crate::resolve::Resolved;
use crate::rules::databases::{
    BAD_DATABASE_NAME, MIGRATIONS_TABLE, UNKNOWN_DATABASE, UNUSED_DATABASE,
};
use crate::syntax::spec::{Database, Spec};
use crate::syntax::yaml::Text;

/// The server of `--clickhouse-url`.
const MAIN: &str = "main";

/// Databases that are there already: the engine's own, what a URL without a database means, and the usual one of
/// the embedded engine.
const RESERVED: [&str; 4] = ["system", "information_schema", "default", "event_grpc"];

/// The book of what was decided about dead letters, which is in the database of their table.
const DECISIONS: &str = "dead_letter_decisions";

fn check_migrations_table(name: &Text, spec: &Spec, out: &mut Diagnostics) {
    let message = format!("`{}` can't be the migration table", name.value);
    let tell = Diagnostic::new(&MIGRATIONS_TABLE, message);
    if !is_identifier(&name.value) {
        out.push(tell.at(name.span, "not an identifier").help(
            "letters, digits and underscores, not beginning with a digit, at most 64 of them",
        ));
    } else if let Some(table) = spec.tables.iter().find(|t| t.name.value == name.value) {
        out.push(
            tell.at(name.span, "is a table of the pipeline")
                .and(Some(table.name.span), "this one"),
        );
    } else if name.value == DECISIONS {
        out.push(tell.at(name.span, "holds what was decided about dead letters"));
    }
}

/// Checks databases, servers, and what tables say of them.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let spec = resolved.spec;
    let named: Vec<&Text> = resolved
        .tables
        .iter()
        .filter_map(|t| t.store.database())
        .collect();
    if let Some(name) = &spec.migrations_table {
        check_migrations_table(name, spec, out);
    }
    let mut servers: Vec<&Text> = Vec::new();
    for database in &spec.databases {
        let name = &database.name;
        let lower = name.value.to_ascii_lowercase();
        if !is_identifier(&name.value) {
            out.push(bad_name("a database", name));
        } else if RESERVED.contains(&lower.as_str()) {
            let message = format!("`{}` can't be the name of a database", name.value);
            out.push(Diagnostic::new(&BAD_DATABASE_NAME, message).at(name.span, "already taken"));
        }
        if let Some(server) = &database.server {
            check_server(server, &mut servers, out);
        }
        if named.iter().all(|used| used.value != name.value) {
            let message = format!("no table is in database `{}`", name.value);
            out.push(
                Diagnostic::new(&UNUSED_DATABASE, message)
                    .at(name.span, "not used")
                    .help(format!(
                        "remove it, or set `database: {}` in a table",
                        name.value
                    )),
            );
        }
    }
    let known = |d: &Database, name: &Text| d.name.value == name.value;
    for name in named {
        if !spec.databases.iter().any(|d| known(d, name)) {
            let message = format!("database `{}` is not declared", name.value);
            let names = spec.databases.iter().map(|d| d.name.value.as_str());
            out.push(
                Diagnostic::new(&UNKNOWN_DATABASE, message)
                    .at(name.span, "no such database")
                    .help(suggest(&name.value, names, "databases")),
            );
        }
    }
}

fn check_server<'a>(server: &'a Text, seen: &mut Vec<&'a Text>, out: &mut Diagnostics) {
    if !is_identifier(&server.value) {
        out.push(bad_name("a server", server));
        return;
    }
    let alike = |other: &str| other != server.value && other.eq_ignore_ascii_case(&server.value);
    let message = |other: &str| {
        format!(
            "the servers `{other}` and `{}` differ only in the case of letters",
            server.value
        )
    };
    if alike(MAIN) {
        out.push(
            Diagnostic::new(&BAD_DATABASE_NAME, message(MAIN))
                .at(server.span, "would have the same variables")
                .help("`main` is the server of --clickhouse-url"),
        );
    } else if let Some(other) = seen.iter().find(|other| alike(&other.value)) {
        out.push(
            Diagnostic::new(&BAD_DATABASE_NAME, message(&other.value))
                .at(server.span, "would have the same variables")
                .and(Some(other.span), "as this one"),
        );
    }
    seen.push(server);
}

fn bad_name(what: &str, name: &Text) -> Diagnostic {
    let message = format!("`{}` can't be the name of {what}", name.value);
    Diagnostic::new(&BAD_DATABASE_NAME, message)
        .at(name.span, "not an identifier")
        .help("letters, digits and underscores, not beginning with a digit, at most 64 of them")
}
