//! Rules about the SQL of keys and engines, which ClickHouse would read for the first time when the table is made.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &SQL_SYNTAX,
    &SQL_FUNCTION,
    &NOT_DETERMINISTIC,
    &ENGINE_ARGUMENTS,
    &FINE_PARTITIONS,
    &CONSTANT_KEY,
    &REPEATED_COLUMN,
    &SQL_ARGUMENT,
    &VERSION_IN_KEY,
];

pub(crate) const SQL_SYNTAX: Rule = Rule {
    code: "EG067",
    name: "sql-syntax",
    purpose: "The SQL of keys, partitions and engines is an expression.",
    text: "A key is made of columns, literals, calls, operators, tuples and intervals. It is read here, because a \
           statement that ClickHouse refuses would be found only when it is applied. `CASE`, `CAST`, lambdas and \
           aliases are not read: `if`, `multiIf` and functions such as `toDate` say the same.",
    bad: "partition_by: toYYYYMM(event_timestamp",
    good: "partition_by: toYYYYMM(event_timestamp)",
};

pub(crate) const SQL_FUNCTION: Rule = Rule {
    code: "EG068",
    name: "sql-function",
    purpose: "A key calls functions that ClickHouse has, with the number of arguments that they take.",
    text: "Names of functions are compared letter by letter, except those that ClickHouse takes in any case. A key \
           needs few of them: those of dates, texts, numbers and hashes are known here. Others may exist, and are \
           refused until the generator knows how finely they divide rows.",
    bad: "partition_by: toYYYYM(event_timestamp)",
    good: "partition_by: toYYYYMM(event_timestamp)",
};

pub(crate) const NOT_DETERMINISTIC: Rule = Rule {
    code: "EG069",
    name: "not-deterministic",
    purpose: "A key is a function of its row alone.",
    text: "A clock, a random number, the name of the server, a dictionary: the same row would have another key each time \
           that it is inserted, so that a repetition is not recognised. ClickHouse refuses some of these and takes \
           others.",
    bad: "order_by: [event_name, rand(), event_id]",
    good: "order_by: [event_name, event_id]",
};

pub(crate) const ENGINE_ARGUMENTS: Rule = Rule {
    code: "EG073",
    name: "engine-arguments",
    purpose: "The engine is given what it takes: the column of the version.",
    text: "`ReplacingMergeTree(COLUMN)` has at most one argument here, the name of a column. `ReplicatedReplacingMergeTree` \
           and `SharedReplacingMergeTree` may have two texts before it, the path and the replica. ClickHouse takes a \
           further column that marks rows as deleted; no row of this pipeline is a deletion.",
    bad: "engine: ReplacingMergeTree(insert_timestamp, status)",
    good: "engine: ReplacingMergeTree(insert_timestamp)",
};

pub(crate) const FINE_PARTITIONS: Rule = Rule {
    code: "EG074",
    name: "fine-partitions",
    purpose: "A table has few partitions.",
    text: "Each partition has parts of its own: an insert writes at least one for each partition that its rows are in, and \
           parts of different partitions are never merged. A partition for each id, text, second or event makes as many \
           parts as rows, until ClickHouse refuses inserts. Partition by a period of a time (`toYYYYMM`, `toMonday`, \
           `toDate`), by a column of few values (`low_cardinality`), or by a number that is divided (`intDiv(n, \
           1000000)`, `n % 16`).",
    bad: "partition_by: event_id",
    good: "partition_by: toYYYYMM(event_timestamp)",
};

pub(crate) const CONSTANT_KEY: Rule = Rule {
    code: "EG075",
    name: "constant-key",
    purpose: "Each part of a key depends on a column.",
    text: "A constant tells no rows apart. As the whole sorting key of a table of versions it makes all rows versions of \
           one thing, of which one stays. ClickHouse refuses constants in keys.",
    bad: "replaces: true\norder_by: [tuple()]",
    good: "replaces: true\norder_by: [order_id]",
};

pub(crate) const REPEATED_COLUMN: Rule = Rule {
    code: "EG076",
    name: "repeated-column",
    purpose: "A key holds a column once.",
    text: "The second one sorts nothing and tells no rows apart; mostly another column was meant. PostgreSQL refuses a \
           unique key that holds a column twice.",
    bad: "order_by: [event_name, event_name, event_id]",
    good: "order_by: [event_name, sent_timestamp, event_id]",
};

pub(crate) const SQL_ARGUMENT: Rule = Rule {
    code: "EG077",
    name: "sql-argument",
    purpose: "A function of a key is given values of a type that it takes.",
    text: "ClickHouse refuses the table otherwise. `toYYYYMM` and the other functions of periods take a time: a number is \
           converted where the column is made (`body.time | epoch_millis`), and so is a text (`datetime(...)`).",
    bad: "partition_by: toYYYYMM(event_name)",
    good: "partition_by: toYYYYMM(event_timestamp)",
};

pub(crate) const VERSION_IN_KEY: Rule = Rule {
    code: "EG078",
    name: "version-in-key",
    purpose: "The version of a thing is not a part of its identity.",
    text: "With `replaces: true` a row replaces those of the same sorting key. Versions of one thing differ in the column of \
           the version: if the key holds it, none replaces another one; if the partition is made of it, those of different \
           partitions stay. Partition by something that the versions of a thing have in common.",
    bad: "replaces: true\nengine: ReplacingMergeTree(changed_at)\norder_by: [order_id, changed_at]",
    good: "replaces: true\nengine: ReplacingMergeTree(changed_at)\norder_by: [order_id]",
};
