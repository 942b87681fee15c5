//! Rules about ClickHouse databases and the servers that they are on.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &UNKNOWN_DATABASE,
    &UNUSED_DATABASE,
    &BAD_DATABASE_NAME,
    &MIGRATIONS_TABLE,
];

pub(crate) const UNKNOWN_DATABASE: Rule = Rule {
    code: "EG190",
    name: "unknown-database",
    purpose: "A table's database is declared under `databases`.",
    text: "A table without `database` is in the default one, which the ClickHouse URL names. Every other one is \
           declared with its server, so that a misspelt name can't create a database.",
    bad: "databases: { audit: logs }\ntables:\n  trace_log: { database: audits, ... }",
    good: "databases: { audit: logs }\ntables:\n  trace_log: { database: audit, ... }",
};

pub(crate) const UNUSED_DATABASE: Rule = Rule {
    code: "EG191",
    name: "unused-database",
    purpose: "Every declared database has a table.",
    text: "A database without tables is never created, and its server would be required for nothing. Remove it, or set \
           `database` in the tables that belong there.",
    bad: "databases: { audit: logs }\ntables:\n  trace_log: { columns: { ... } }",
    good: "databases: { audit: logs }\ntables:\n  trace_log: { database: audit, columns: { ... } }",
};

pub(crate) const BAD_DATABASE_NAME: Rule = Rule {
    code: "EG192",
    name: "bad-database-name",
    purpose: "The names of databases and servers are valid on servers and in environment variables.",
    text: "Letters, digits and underscores, not beginning with a digit, at most 64 of them. `system`, \
           `information_schema`, `default` and `event_grpc` are reserved. A server's name stands in capitals in \
           EVENT_GRPC_CLICKHOUSE_URL_SERVER, so two servers must differ in more than the case of letters; `main` is \
           the server of --clickhouse-url.",
    bad: "databases: { audit-trail: logs, archive: Logs }",
    good: "databases: { audit_trail: logs, archive: logs }",
};

pub(crate) const MIGRATIONS_TABLE: Rule = Rule {
    code: "EG193",
    name: "migrations-table",
    purpose: "The migration table has a name of its own.",
    text: "Each database records its applied migrations in it: `schema_migrations`, unless another tool has a table of \
           that name there. Letters, digits and underscores, not beginning with a digit, at most 64 of them; and not a \
           table of the pipeline.",
    bad: "migrations: { table: purchase }",
    good: "migrations: { table: event_grpc_migrations }",
};
