//! Error classification of ClickHouse: the one place where its exception codes are read.

use clickhouse::error::Error;
use hyper_util::client::legacy::Error as HttpError;

use super::address::NAMES;
use crate::sink::{Fault, StoreError};

/// Maximum length of a message; longer ones are cut, since they may quote the data.
const MESSAGE_LIMIT: usize = 1000;

/// Meaning of an exception code. Codes that call for the same reaction share a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exception {
    /// A database, table or column is missing, or a column has another type.
    Schema,
    /// The account is unknown, its password is wrong, or it lacks a right.
    Refused,
    /// The server or the table accepts no writes now: read-only, full, over a quota, without its keeper.
    Closed,
    /// The server doesn't know a setting, a format or a type, or can't parse the statement: its version differs.
    Unsupported,
    /// Parts are created faster than they are merged, or too many queries run.
    Busy,
    /// The data can't be parsed, converted or accepted.
    Data,
    /// Another session is changing the table's schema.
    Altering,
    /// The query exceeds its time or memory limit.
    Excess,
    /// Transient errors, and every unknown code.
    Other,
}

impl Exception {
    /// Meaning of a code. Code 252 has two meanings; only the message tells them apart.
    pub(super) fn of(code: i32, message: &str) -> Self {
        match code {
            // THERE_IS_NO_COLUMN, NOT_FOUND_COLUMN_IN_BLOCK, NO_SUCH_COLUMN_IN_TABLE,
            // NUMBER_OF_COLUMNS_DOESNT_MATCH, ILLEGAL_COLUMN, UNKNOWN_IDENTIFIER, TYPE_MISMATCH, UNKNOWN_TABLE,
            // UNKNOWN_DATABASE, INCOMPATIBLE_COLUMNS, TABLE_IS_DROPPED.
            8 | 10 | 16 | 20 | 44 | 47 | 53 | 60 | 81 | 122 | 218 => Exception::Schema,
            // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, IP_ADDRESS_NOT_ALLOWED, DATABASE_ACCESS_DENIED,
            // ACCESS_DENIED, AUTHENTICATION_FAILED, USER_EXPIRED.
            192..=195 | 291 | 497 | 516 | 720 => Exception::Refused,
            // READONLY, QUOTA_EXCEEDED, NO_ZOOKEEPER, TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE,
            // TABLE_IS_PERMANENTLY_READ_ONLY; and CANNOT_WRITE_TO_FILE_DESCRIPTOR, which is what a disk looks like
            // that fills up while it is written. NETWORK_ERROR and ALL_CONNECTION_TRIES_FAILED are between servers: a
            // shard of a Distributed table is down, and the other shards may have got their rows.
            75 | 164 | 201 | 210 | 225 | 242 | 243 | 279 | 774 => Exception::Closed,
            // NOT_IMPLEMENTED, UNKNOWN_TYPE, SYNTAX_ERROR, UNKNOWN_FORMAT, UNKNOWN_SETTING, SUPPORT_IS_DISABLED,
            // SETTING_CONSTRAINT_VIOLATION, INVALID_SETTING_VALUE.
            48 | 50 | 62 | 73 | 115 | 344 | 452 | 471 => Exception::Unsupported,
            252 if message.contains("partitions") && !message.contains("Too many parts") => {
                Exception::Data
            }
            // TOO_MANY_SIMULTANEOUS_QUERIES, TOO_MANY_PARTS, SERVER_OVERLOADED.
            202 | 252 | 745 => Exception::Busy,
            // CANNOT_PARSE_*, ATTEMPT_TO_READ_AFTER_EOF, CANNOT_READ_ALL_DATA, BAD_ARGUMENTS, LOGICAL_ERROR,
            // ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE, INCORRECT_DATA, the sizes of arrays and strings,
            // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, a materialized view that
            // throws, DECIMAL_OVERFLOW, VIOLATED_CONSTRAINT, UNEXPECTED_DATA_AFTER_PARSED_VALUE,
            // UNKNOWN_ELEMENT_OF_ENUM.
            6
            | 25..=28
            | 32
            | 33
            | 36
            | 38
            | 41
            | 49
            | 69
            | 70
            | 72
            | 117
            | 128
            | 131
            | 190
            | 321
            | 349
            | 376
            | 395
            | 407
            | 441
            | 467
            | 469
            | 632
            | 675
            | 676
            | 691 => Exception::Data,
            // TIMEOUT_EXCEEDED, TOO_SLOW, CANNOT_ALLOCATE_MEMORY, MEMORY_LIMIT_EXCEEDED.
            159 | 160 | 173 | 241 => Exception::Excess,
            // CANNOT_ASSIGN_ALTER, DEADLOCK_AVOIDED.
            473 | 517 => Exception::Altering,
            _ => Exception::Other,
        }
    }

    /// Fault of an insert that ends with it.
    fn fault(self) -> Fault {
        match self {
            Exception::Schema | Exception::Refused | Exception::Closed | Exception::Unsupported => {
                Fault::Destination
            }
            Exception::Busy => Fault::Pressure,
            Exception::Data => Fault::Content,
            Exception::Excess => Fault::Excess,
            Exception::Altering | Exception::Other => Fault::Transient,
        }
    }
}

/// Classifies an error. A request that was interrupted, or answered by something other than ClickHouse, may have been
/// executed.
pub(super) fn judge(error: &Error) -> StoreError {
    match error {
        Error::BadResponse(answer) => match code(answer) {
            Some(code) => StoreError {
                fault: Exception::of(code, answer).fault(),
                code: Some(code),
                row: row(code, answer),
                message: cut(answer),
            },
            None => failed(Fault::Transient, format!("ClickHouse answered: {answer}")),
        },
        Error::Network(cause) => broken(cause.as_ref()),
        Error::TimedOut => failed(
            Fault::Excess,
            String::from("ClickHouse didn't answer in time"),
        ),
        Error::InvalidParams(_) | Error::Unsupported(_) => {
            failed(Fault::Destination, causes(error))
        }
        _ => failed(Fault::Transient, causes(error)),
    }
}

/// Classifies a connection that broke, or was never there.
fn broken(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreError {
    let untrusted = crate::tls::refusal(cause, &NAMES);
    if untrusted.is_some() || never_connected(cause) {
        let why = untrusted.unwrap_or_else(|| causes(cause));
        return failed(
            Fault::Destination,
            format!("ClickHouse can't be reached: {why}"),
        );
    }
    failed(
        Fault::Unanswered,
        format!("the connection to ClickHouse broke: {}", causes(cause)),
    )
}

/// Code in `Code: 60. DB::Exception: …`.
pub(super) fn code(answer: &str) -> Option<i32> {
    let digits = answer.strip_prefix("Code: ")?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// Row, from 0, in `Constraint … is violated at row 7. Expression: …`, which counts from 1. An insert is one block, so
/// it is the row of that block.
fn row(code: i32, answer: &str) -> Option<usize> {
    const VIOLATED_CONSTRAINT: i32 = 469;
    if code != VIOLATED_CONSTRAINT {
        return None;
    }
    let (_, said) = answer.split_once(" is violated at row ")?;
    let (number, _) = said.split_once('.')?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

/// First of these settings that an error names as unknown to the server. Its "Maybe you meant" suggestions are ignored.
pub(super) fn unknown_setting<'a>(
    error: &StoreError,
    names: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const UNKNOWN_SETTING: i32 = 115;
    if error.code != Some(UNKNOWN_SETTING) {
        return None;
    }
    let said = error.message.split("aybe you meant").next();
    let said = said.unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let place = |name: &str| {
        let mut places = said.match_indices(name).map(|(at, _)| at);
        places.find(|at| {
            let before = said.get(..*at).unwrap_or_default();
            let after = said.get(at + name.len()..).unwrap_or_default();
            !before.ends_with(is_word) && !after.starts_with(is_word)
        })
    };
    names
        .filter_map(|name| Some((place(name)?, name)))
        .min()
        .map(|(_, name)| name)
}

/// Error without a code.
pub(super) fn failed(fault: Fault, message: String) -> StoreError {
    StoreError {
        fault,
        code: None,
        row: None,
        message: cut(&message),
    }
}

/// True if there was no connection, so that nothing can have been stored.
fn never_connected(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    cause
        .downcast_ref::<HttpError>()
        .is_some_and(HttpError::is_connect)
}

/// Error and its causes on one line, each once.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

fn cut(message: &str) -> String {
    let mut end = message.len().min(MESSAGE_LIMIT);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let mut text = message.get(..end).unwrap_or_default().to_owned();
    if end < message.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str) -> StoreError {
        judge(&Error::BadResponse(text.to_owned()))
    }

    #[test]
    fn reads_the_row_of_an_answer() {
        let violated = |row: &str| {
            let text = format!(
                "Code: 469. DB::Exception: Constraint `c` for table a.b (1-2) is violated at row {row}. Expression: \
                 (b != 'x'). Column values: b = 'is violated at row 9. '. (VIOLATED_CONSTRAINT) (version 26.7.2.1)"
            );
            answered(&text).row
        };
        assert_eq!(violated("69995"), Some(69_994));
        assert_eq!(violated("0"), None);
        assert_eq!(violated("many"), None);
        assert_eq!(
            answered("Code: 36. DB::Exception: is violated at row 3.").row,
            None
        );
    }

    #[test]
    fn names_the_setting_that_is_unknown() {
        let unknown = |text: &str| {
            let error = answered(text);
            unknown_setting(
                &error,
                ["async_insert", "async_insert_more", "level"].into_iter(),
            )
            .map(str::to_owned)
        };
        let text = "Code: 115. DB::Exception: Unknown setting 'async_insert_more': for storage MergeTree. Maybe you \
                    meant ['async_insert']. (UNKNOWN_SETTING)";
        assert_eq!(unknown(text).as_deref(), Some("async_insert_more"));
        assert_eq!(
            unknown("Code: 115. DB::Exception: Unknown setting 'x'"),
            None
        );
        assert_eq!(unknown("Code: 36. DB::Exception: level"), None);
    }

    #[test]
    fn reads_the_code_of_an_answer() {
        let error = answered("Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE)");
        assert_eq!(error.code, Some(60));
        assert_eq!(error.fault, Fault::Destination);
        assert_eq!(code("Code: 60"), Some(60));
        assert_eq!(code("502 Bad Gateway"), None);
        assert_eq!(code("Code: 99999999999999."), None);
    }

    #[test]
    fn a_shard_that_is_down_is_no_fault_of_the_rows() {
        let refused = "Code: 210. DB::NetException: Connection refused (127.0.0.1:1): Insertion status:\nWrote 0 blocks \
                       and 0 rows on shard 0 replica 0, 127.0.0.1:1 (average 23 ms per block)\n. (NETWORK_ERROR) \
                       (version 26.7.2.1)";
        let tried = "Code: 279. DB::NetException: All connection tries failed. Log: \n\nCode: 210. DB::NetException: \
                     Connection refused (127.0.0.1:1). (ALL_CONNECTION_TRIES_FAILED)";
        for (text, code) in [(refused, 210), (tried, 279)] {
            let error = answered(text);
            assert_eq!((error.fault, error.code), (Fault::Destination, Some(code)));
        }
    }

    #[test]
    fn tells_the_two_meanings_of_252_apart() {
        let parts = "Code: 252. DB::Exception: Too many parts (3000 with average size of 1.00 KiB) in table. Merges \
                     are processing significantly slower than inserts. (TOO_MANY_PARTS)";
        let partitions = "Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100). \
                          (TOO_MANY_PARTS)";
        assert_eq!(answered(parts).fault, Fault::Pressure);
        assert_eq!(answered(partitions).fault, Fault::Content);
    }

    #[test]
    fn an_answer_of_someone_else_leaves_the_outcome_open() {
        let error = answered("502 Bad Gateway");
        assert_eq!((error.fault, error.code), (Fault::Transient, None));
        assert_eq!(
            answered("Code: 4711. DB::Exception: New.").fault,
            Fault::Transient
        );
        assert_eq!(judge(&Error::TimedOut).fault, Fault::Excess);
    }

    #[test]
    fn keeps_messages_short() {
        let error = answered(&format!("Code: 117. {}", "é".repeat(5000)));
        assert!(error.message.len() <= MESSAGE_LIMIT + '…'.len_utf8());
    }
}
