//! Functions of ClickHouse that keys may call: how many arguments they take, of what, and how finely they divide rows.
//!
//! `codegen/tests/sql/keys.txt` has a call of each, which a test runs through a real server.

use Class::{Any, Number, Text, Time};
use Grain::{Coarse, Divided, Fine};

/// A function.
pub(super) struct Function {
    /// Its name.
    pub(super) name: &'static str,
    /// The least number of arguments.
    pub(super) least: usize,
    /// The largest number of arguments.
    pub(super) most: usize,
    /// The first argument.
    pub(super) takes: Class,
    /// The result.
    pub(super) gives: Class,
    /// How finely it divides rows.
    pub(super) grain: Grain,
}

/// A class of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Dates and times.
    Time,
    /// Texts.
    Text,
    /// Integers, floats and booleans.
    Number,
    /// Anything, or nothing that is known.
    Any,
}

/// How many values a function has over the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// Few: a value a minute at most, or what can't be told.
    Coarse,
    /// As many as the finest of its arguments.
    Fine,
    /// Few, if a further argument is a constant by which the first is divided or cut.
    Divided,
}

const MANY: usize = 64;

const fn of(
    name: &'static str,
    (least, most): (usize, usize),
    takes: Class,
    gives: Class,
    grain: Grain,
) -> Function {
    Function {
        name,
        least,
        most,
        takes,
        gives,
        grain,
    }
}

/// The functions.
pub(super) const FUNCTIONS: &[Function] = &[
    // Periods of a time. All but the finest have a second argument for the time zone.
    of("toYYYYMM", (1, 2), Time, Number, Coarse),
    of("toYYYYMMDD", (1, 2), Time, Number, Coarse),
    of("toYYYYMMDDhhmmss", (1, 2), Time, Number, Fine),
    of("toYear", (1, 2), Time, Number, Coarse),
    of("toQuarter", (1, 2), Time, Number, Coarse),
    of("toMonth", (1, 2), Time, Number, Coarse),
    of("toDayOfMonth", (1, 2), Time, Number, Coarse),
    of("toDayOfWeek", (1, 3), Any, Number, Coarse),
    of("toDayOfYear", (1, 2), Time, Number, Coarse),
    of("toHour", (1, 2), Time, Number, Coarse),
    of("toMinute", (1, 2), Time, Number, Coarse),
    of("toSecond", (1, 2), Time, Number, Coarse),
    of("toWeek", (1, 3), Any, Number, Coarse),
    of("toISOWeek", (1, 2), Any, Number, Coarse),
    of("toISOYear", (1, 2), Time, Number, Coarse),
    of("toYearWeek", (1, 3), Any, Number, Coarse),
    of("toMonday", (1, 2), Time, Time, Coarse),
    of("toStartOfYear", (1, 2), Time, Time, Coarse),
    of("toStartOfISOYear", (1, 2), Time, Time, Coarse),
    of("toStartOfQuarter", (1, 2), Time, Time, Coarse),
    of("toStartOfMonth", (1, 2), Time, Time, Coarse),
    of("toStartOfWeek", (1, 3), Any, Time, Coarse),
    of("toStartOfDay", (1, 2), Time, Time, Coarse),
    of("toStartOfHour", (1, 2), Time, Time, Coarse),
    of("toStartOfFifteenMinutes", (1, 2), Time, Time, Coarse),
    of("toStartOfTenMinutes", (1, 2), Time, Time, Coarse),
    of("toStartOfFiveMinutes", (1, 2), Time, Time, Coarse),
    of("toStartOfMinute", (1, 2), Time, Time, Coarse),
    of("toStartOfSecond", (1, 2), Time, Time, Fine),
    of("toStartOfMillisecond", (1, 2), Time, Time, Fine),
    of("toStartOfMicrosecond", (1, 2), Time, Time, Fine),
    of("toStartOfInterval", (2, 4), Time, Time, Divided),
    of("toLastDayOfMonth", (1, 2), Time, Time, Coarse),
    of("toLastDayOfWeek", (1, 3), Any, Time, Coarse),
    of("toRelativeYearNum", (1, 2), Time, Number, Coarse),
    of("toRelativeQuarterNum", (1, 2), Time, Number, Coarse),
    of("toRelativeMonthNum", (1, 2), Time, Number, Coarse),
    of("toRelativeWeekNum", (1, 2), Time, Number, Coarse),
    of("toRelativeDayNum", (1, 2), Time, Number, Coarse),
    of("toRelativeHourNum", (1, 2), Time, Number, Coarse),
    of("toRelativeMinuteNum", (1, 2), Time, Number, Coarse),
    of("dateTrunc", (2, 3), Text, Time, Coarse),
    of("timeSlot", (1, 2), Time, Time, Coarse),
    of("toTimeZone", (2, 2), Time, Time, Fine),
    of("toTimezone", (2, 2), Time, Time, Fine),
    // Conversions.
    of("toDate", (1, 2), Any, Time, Coarse),
    of("toDate32", (1, 2), Any, Time, Coarse),
    of("toDateTime", (1, 2), Any, Time, Fine),
    of("toDateTime64", (2, 3), Any, Time, Fine),
    of("toUnixTimestamp", (1, 2), Any, Number, Fine),
    of("toUnixTimestamp64Milli", (1, 1), Time, Number, Fine),
    of("toUnixTimestamp64Micro", (1, 1), Time, Number, Fine),
    of("toString", (1, 2), Any, Text, Fine),
    of("toLowCardinality", (1, 1), Any, Any, Fine),
    of("toUInt8", (1, 1), Any, Number, Coarse),
    of("toUInt16", (1, 1), Any, Number, Coarse),
    of("toUInt32", (1, 1), Any, Number, Fine),
    of("toUInt64", (1, 1), Any, Number, Fine),
    of("toInt8", (1, 1), Any, Number, Coarse),
    of("toInt16", (1, 1), Any, Number, Coarse),
    of("toInt32", (1, 1), Any, Number, Fine),
    of("toInt64", (1, 1), Any, Number, Fine),
    of("hex", (1, 1), Any, Text, Fine),
    // Numbers.
    of("intDiv", (2, 2), Number, Number, Divided),
    of("intDivOrZero", (2, 2), Number, Number, Divided),
    of("modulo", (2, 2), Number, Number, Divided),
    of("positiveModulo", (2, 2), Number, Number, Divided),
    of("bitAnd", (2, 2), Number, Number, Divided),
    of("bitShiftRight", (2, 2), Any, Any, Divided),
    of("floor", (1, 2), Number, Number, Divided),
    of("ceil", (1, 2), Number, Number, Divided),
    of("round", (1, 2), Number, Number, Divided),
    of("trunc", (1, 2), Number, Number, Divided),
    of("abs", (1, 1), Number, Number, Fine),
    of("negate", (1, 1), Number, Number, Fine),
    of("plus", (2, 2), Any, Any, Fine),
    of("minus", (2, 2), Any, Any, Fine),
    of("multiply", (2, 2), Number, Number, Fine),
    of("greatest", (1, MANY), Any, Any, Fine),
    of("least", (1, MANY), Any, Any, Fine),
    // Texts.
    of("lower", (1, 1), Text, Text, Fine),
    of("upper", (1, 1), Text, Text, Fine),
    of("lowerUTF8", (1, 1), Text, Text, Fine),
    of("upperUTF8", (1, 1), Text, Text, Fine),
    of("trimBoth", (1, 2), Text, Text, Fine),
    of("trimLeft", (1, 2), Text, Text, Fine),
    of("trimRight", (1, 2), Text, Text, Fine),
    of("reverse", (1, 1), Text, Text, Fine),
    of("concat", (1, MANY), Any, Text, Fine),
    of("substring", (2, 3), Text, Text, Divided),
    of("substringUTF8", (2, 3), Text, Text, Divided),
    of("left", (2, 2), Text, Text, Divided),
    of("leftUTF8", (2, 2), Text, Text, Divided),
    of("right", (2, 2), Text, Text, Divided),
    of("rightUTF8", (2, 2), Text, Text, Divided),
    of("length", (1, 1), Text, Number, Coarse),
    of("lengthUTF8", (1, 1), Text, Number, Coarse),
    of("empty", (1, 1), Text, Number, Coarse),
    of("notEmpty", (1, 1), Text, Number, Coarse),
    of("startsWith", (2, 2), Text, Number, Coarse),
    of("endsWith", (2, 2), Text, Number, Coarse),
    of("position", (2, 3), Text, Number, Coarse),
    of("domain", (1, 1), Text, Text, Coarse),
    of("domainWithoutWWW", (1, 1), Text, Text, Coarse),
    of("cutToFirstSignificantSubdomain", (1, 1), Text, Text, Coarse),
    of("protocol", (1, 1), Text, Text, Coarse),
    of("path", (1, 1), Text, Text, Fine),
    // Hashes.
    of("cityHash64", (1, MANY), Any, Number, Fine),
    of("sipHash64", (1, MANY), Any, Number, Fine),
    of("farmHash64", (1, MANY), Any, Number, Fine),
    of("metroHash64", (1, MANY), Any, Number, Fine),
    of("murmurHash2_64", (1, MANY), Any, Number, Fine),
    of("murmurHash3_64", (1, MANY), Any, Number, Fine),
    of("xxHash32", (1, MANY), Any, Number, Fine),
    of("xxHash64", (1, MANY), Any, Number, Fine),
    of("halfMD5", (1, MANY), Any, Number, Fine),
    of("intHash32", (1, 1), Any, Number, Fine),
    of("intHash64", (1, 1), Any, Number, Fine),
    of("javaHash", (1, 1), Any, Number, Fine),
    of("jumpConsistentHash", (2, 2), Number, Number, Coarse),
    // Choices, comparisons, tuples.
    of("if", (3, 3), Any, Any, Coarse),
    of("multiIf", (3, MANY), Any, Any, Coarse),
    of("ifNull", (2, 2), Any, Any, Fine),
    of("coalesce", (1, MANY), Any, Any, Fine),
    of("assumeNotNull", (1, 1), Any, Any, Fine),
    of("isNull", (1, 1), Any, Number, Coarse),
    of("isNotNull", (1, 1), Any, Number, Coarse),
    of("equals", (2, 2), Any, Number, Coarse),
    of("notEquals", (2, 2), Any, Number, Coarse),
    of("less", (2, 2), Any, Number, Coarse),
    of("greater", (2, 2), Any, Number, Coarse),
    of("lessOrEquals", (2, 2), Any, Number, Coarse),
    of("greaterOrEquals", (2, 2), Any, Number, Coarse),
    of("and", (2, MANY), Number, Number, Coarse),
    of("or", (2, MANY), Number, Number, Coarse),
    of("not", (1, 1), Number, Number, Coarse),
    of("tuple", (0, MANY), Any, Any, Fine),
];

/// Functions above whose names may be written in any case.
const IN_ANY_CASE: [&str; 20] = [
    "abs",
    "ceil",
    "coalesce",
    "concat",
    "floor",
    "greatest",
    "hex",
    "if",
    "ifNull",
    "isNull",
    "least",
    "left",
    "length",
    "lower",
    "not",
    "positiveModulo",
    "reverse",
    "right",
    "round",
    "upper",
];

/// Other names of functions above, in any case.
const ALIASES: [(&str, &str); 16] = [
    ("year", "toYear"),
    ("quarter", "toQuarter"),
    ("month", "toMonth"),
    ("day", "toDayOfMonth"),
    ("hour", "toHour"),
    ("minute", "toMinute"),
    ("second", "toSecond"),
    ("date_trunc", "dateTrunc"),
    ("lcase", "lower"),
    ("ucase", "upper"),
    ("mod", "modulo"),
    ("substr", "substring"),
    ("mid", "substring"),
    ("truncate", "trunc"),
    ("substring", "substring"),
    ("trunc", "trunc"),
];

/// Functions whose result is not one of their arguments alone; in any case. Those that begin with `rand` or `dictGet` are
/// not listed.
const NOT_DETERMINISTIC: [&str; 50] = [
    "now",
    "now64",
    "today",
    "yesterday",
    "nowInBlock",
    "nowInBlock64",
    "UTCTimestamp",
    "UTC_timestamp",
    "curdate",
    "current_date",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "generateUUIDv4",
    "generateUUIDv7",
    "generateULID",
    "generateSnowflakeID",
    "generateSerialID",
    "fuzzBits",
    "rowNumberInBlock",
    "rowNumberInAllBlocks",
    "blockNumber",
    "blockSize",
    "currentDatabase",
    "current_database",
    "currentUser",
    "current_user",
    "user",
    "hostName",
    "FQDN",
    "fullHostName",
    "displayName",
    "serverUUID",
    "version",
    "uptime",
    "timezone",
    "serverTimezone",
    "queryID",
    "query_id",
    "initialQueryID",
    "connectionId",
    "getSetting",
    "getMacro",
    "tcpPort",
    "shardNum",
    "shardCount",
    "file",
    "joinGet",
    "arrayJoin",
    "dictHas",
];

/// The function that a name in a key means.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let exact = |name: &str| FUNCTIONS.iter().find(|function| function.name == name);
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    exact(name)
        .or_else(|| {
            IN_ANY_CASE
                .iter()
                .find(|other| same(other))
                .and_then(|other| exact(other))
        })
        .or_else(|| {
            let alias = ALIASES.iter().find(|(alias, _)| same(alias));
            alias.and_then(|(_, name)| exact(name))
        })
}

/// True if a function has another result each time.
pub(super) fn is_not_deterministic(name: &str) -> bool {
    let listed = NOT_DETERMINISTIC
        .iter()
        .any(|other| other.eq_ignore_ascii_case(name));
    listed || name.starts_with("rand") || name.starts_with("dictGet")
}
