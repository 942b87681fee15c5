//! Rules about change: what producers send and what tables hold must stay readable.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &FIELD_GONE,
    &FIELD_TYPE,
    &COLUMN_GONE,
    &COLUMN_TYPE,
    &TABLE_KEYS,
    &TABLE_GONE,
    &MIGRATION_EDITED,
    &CLOCK,
    &UNWRITABLE,
    &KEY_WITHOUT_CLIENT,
];

pub(crate) const FIELD_GONE: Rule = Rule {
    code: "EG101",
    name: "field-gone",
    purpose: "A committed field, variant or enum value stays, with its name and number.",
    text: "Existing clients send the number, and columns and JSON paths are named after the name. The committed state \
           is in migrations/schema.lock. A field that is no longer sent can be marked deprecated; a field with another \
           meaning gets a name and a number of its own.",
    bad: "message LaunchEvent { string link = 6; }  // was: string dynamicLink = 6;",
    good: "message LaunchEvent { string dynamicLink = 6 [deprecated = true]; string link = 8; }",
};

pub(crate) const FIELD_TYPE: Rule = Rule {
    code: "EG102",
    name: "field-type",
    purpose: "A committed field keeps its type; only `optional` may be added.",
    text: "The same bytes would be read as something else, and the column behind the field would change its type. \
           Add a field of the new type with a number of its own.",
    bad: "int64 step = 6;  // was: string step = 6;",
    good: "string step = 6;\nint64 stepNumber = 9;",
};

pub(crate) const COLUMN_GONE: Rule = Rule {
    code: "EG103",
    name: "column-gone",
    purpose: "A committed column stays, with its name.",
    text: "Dropping a column loses stored data, and to ClickHouse a new name is a new column. Keep the column under \
           its old name, or retire it with an entry of `retired` (docs/changes.md): what is stored stays, and new rows \
           have the default.",
    bad: "columns: { device: header.deviceId }  # was: device_id",
    good: "columns: { device_id: header.deviceId }",
};

pub(crate) const COLUMN_TYPE: Rule = Rule {
    code: "EG104",
    name: "column-type",
    purpose: "A committed column keeps its type or gets a wider one.",
    text: "Wider are Int32 to Int64, UInt32 to UInt64, Float32 to Float64 and T to Nullable(T), and only for \
           columns outside the keys. Everything else loses values or rewrites the table. Add a column with \
           another name.",
    bad: "status: body.status | low_cardinality  # was: body.status",
    good: "status: body.status\nstatus_word: body.status | low_cardinality",
};

pub(crate) const TABLE_KEYS: Rule = Rule {
    code: "EG105",
    name: "table-keys",
    purpose: "A committed table keeps its database, engine, partition key and sorting key.",
    text: "ClickHouse sorts and splits its files by keys and can't change them in place, and rows are not moved \
           between databases. A longer sorting key is possible by a rebuild: with `rebuilt_from: [OLD KEY]` beside the \
           new `order_by` a migration makes a new table, copies each partition while the old one is in use, and \
           exchanges the two. Each row is read and written once more, and both tables take room until the old one is \
           dropped by hand (docs/rebuild.md). Otherwise declare a new table with another name, fill both, and copy the \
           old rows with INSERT SELECT.",
    bad: "order_by: [event_id]  # was: [event_name, sent_timestamp, event_id]",
    good: "order_by: [event_name, sent_timestamp, client, event_id]\nrebuilt_from: [event_name, sent_timestamp, event_id]",
};

pub(crate) const TABLE_GONE: Rule = Rule {
    code: "EG106",
    name: "table-gone",
    purpose: "A committed table stays declared.",
    text: "A table that is not declared is not filled, checked or documented any more, but it still exists. An entry of \
           `retired` says that this is meant (docs/changes.md).",
    bad: "tables: {}  # was: { purchase: … }",
    good: "tables: { purchase: … }",
};

pub(crate) const MIGRATION_EDITED: Rule = Rule {
    code: "EG107",
    name: "migration-edited",
    purpose: "A released migration is never edited or removed.",
    text: "Servers that applied it would not apply it again, and new ones would differ from them. Its hash is in \
           migrations/schema.lock. Restore the file with git checkout, and make the change in the declarations, from \
           which the next migration is generated. What the main branch doesn't have yet isn't released: it is \
           generated anew when the declarations change (docs/changes.md).",
    bad: "vi migrations/clickhouse/20261123T211500_create_event.sql",
    good: "git checkout HEAD -- migrations/clickhouse/20261123T211500_create_event.sql",
};

pub(crate) const CLOCK: Rule = Rule {
    code: "EG108",
    name: "clock-behind",
    purpose: "A new migration has a later time in its name than all that are there.",
    text: "Migrations apply in the order of their names. A machine whose clock is behind would put the new one \
           before those that it builds on. Set the clock right and run the command again.",
    bad: "20261122T080000_alter_event.sql after 20261123T211500_create_event.sql",
    good: "20261123T220000_alter_event.sql after 20261123T211500_create_event.sql",
};

pub(crate) const UNWRITABLE: Rule = Rule {
    code: "EG109",
    name: "no-way-into-column",
    purpose: "Every column's expression has a value that its column can store.",
    text: "Some values can't be stored in a column: a map of messages, a list or bytes in the body of a JSON message, \
           a single field of a dead letter's payload. Keep the JSON around them, or ignore the field.",
    bad: "tags: body.tags                 # repeated string in a JSON message",
    good: "complete: body | json",
};

pub(crate) const KEY_WITHOUT_CLIENT: Rule = Rule {
    code: "EG110",
    name: "key-without-client",
    purpose: "The sorting key of a new table tells clients apart.",
    text: "Senders choose the ids of their events. Without the client in the key, whoever knows the id of an event can \
           have its row replaced by another one. This is asked of tables with a column of `$client` that are not in \
           migrations/schema.lock yet, once that has any: a table that is there gets another key only by a rebuild (EG105). Tables with \
           `replaces: true` and the table of dead letters are left out: a version of a thing may be anybody's, and the \
           ids of dead letters differ by client.",
    bad: "order_by: [event_name, sent_timestamp, event_id]\ncolumns: { client: $client, ... }",
    good: "order_by: [event_name, sent_timestamp, client, event_id]\ncolumns: { client: $client, ... }",
};
