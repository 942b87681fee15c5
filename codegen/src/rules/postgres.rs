//! Rules about PostgreSQL tables: their keys, conflicts, types and hooks.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &OTHER_STORE,
    &UNIQUE_KEY,
    &CONFLICT_VERSION,
    &NO_POSTGRES_TYPE,
    &HOOK,
    &HOOK_COLUMN,
    &LONG_NAME,
];

pub(crate) const OTHER_STORE: Rule = Rule {
    code: "EG150",
    name: "other-store",
    purpose: "A table has only keys of its own store.",
    text: "`engine`, `partition_by`, `order_by`, `replaces` and `dead_letters` belong to ClickHouse tables; `unique`, \
           `on_conflict`, `hook` and `indexes` to tables with `store: postgres`. Dead letters are kept in ClickHouse, \
           as bytes.",
    bad: "store: postgres\nengine: ReplacingMergeTree(insert_timestamp)",
    good: "store: postgres\nunique: [account_id]\non_conflict: keep",
};

pub(crate) const UNIQUE_KEY: Rule = Rule {
    code: "EG151",
    name: "unique-key",
    purpose: "A unique key holds values from the sender, and is never NULL.",
    text: "Delivery is at least once, and a repeated row must be recognized by its key. `$now` differs each time; NULL \
           is never equal to NULL; floats and JSON can't be keys; and a column that a hook fills has no value yet when \
           the row is stored.",
    bad: "unique: [account_id, stored_at]\ncolumns: { account_id: body.id, stored_at: $now }",
    good: "unique: [account_id]\ncolumns: { account_id: body.id, stored_at: $now }",
};

pub(crate) const CONFLICT_VERSION: Rule = Rule {
    code: "EG152",
    name: "conflict-version",
    purpose: "The version that decides which row stays is a number or an instant from the sender.",
    text: "With `on_conflict: { replace: COLUMN }` a row replaces the one with the same key if its COLUMN is greater. \
           Messages can arrive out of order and twice, so the server's clock doesn't tell which is the latest.",
    bad: "on_conflict: { replace: stored_at }\ncolumns: { stored_at: $now, ... }",
    good: "on_conflict: { replace: changed_on }\ncolumns: { changed_on: body.changedOn | epoch_millis, ... }",
};

pub(crate) const NO_POSTGRES_TYPE: Rule = Rule {
    code: "EG153",
    name: "no-postgres-type",
    purpose: "Every column of a PostgreSQL table has a type of PostgreSQL.",
    text: "`docs/types.md` has the table. Lists and maps of app events have none, and neither have their messages as \
           JSON: leave them in a ClickHouse table, or ignore them.",
    bad: "store: postgres\ncolumns: { tags: payload.tags, ... }          # repeated string",
    good: "store: postgres\ncolumns: { ... }\nignore: [payload.tags]",
};

pub(crate) const HOOK: Rule = Rule {
    code: "EG154",
    name: "hook",
    purpose: "A hook has a name in snake case, and its table stores JSON messages.",
    text: "A hook gets the message of each row, in the transaction that stores the rows. The generator makes an enum \
           of the names, and src/hooks/mod.rs maps each to a function; it doesn't compile while one is missing.",
    bad: "hook: SignupReferral",
    good: "hook: signup_referral",
};

pub(crate) const HOOK_COLUMN: Rule = Rule {
    code: "EG155",
    name: "hook-column",
    purpose: "A column without an expression is filled by a hook, and declares its type.",
    text: "Types: boolean, integer, bigint, numeric(20,0), real, double precision, text, jsonb, timestamptz(0), \
           timestamptz(3), timestamptz. Such a column can be NULL, since the row is stored before it is filled.",
    bad: "columns: { followers: { type: Int64 } }",
    good: "columns: { followers: { type: bigint } }",
};

pub(crate) const LONG_NAME: Rule = Rule {
    code: "EG156",
    name: "long-name",
    purpose: "Names in PostgreSQL have at most 63 bytes.",
    text: "PostgreSQL cuts longer ones off without an error, so that the table or column would not be found under its \
           name.",
    bad: "tables:\n  an_account_that_was_made_on_a_device_that_has_had_a_launch_referral: { store: postgres, ... }",
    good: "tables:\n  referred_account: { store: postgres, ... }",
};
