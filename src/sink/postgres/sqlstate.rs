//! Error classification of PostgreSQL: the one place where SQLSTATEs are read.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::address_tls;
use crate::sink::{Fault, StoreError};

/// Maximum length of a message; longer ones are cut, since they may quote the data.
const MESSAGE_LIMIT: usize = 1000;

/// Meaning of a SQLSTATE. Those that call for the same reaction share a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateClass {
    /// Two transactions conflicted, or one waited too long for the other.
    Conflict,
    /// The connection broke, or the server stops or starts.
    Connection,
    /// The statement exceeded its timeout.
    Excess,
    /// The server has no free connection.
    Crowded,
    /// A database, table or column is missing, or has another type.
    Schema,
    /// The account is unknown, its password is wrong, or it lacks a right.
    Refused,
    /// The server accepts no writes now: full, out of memory, read-only.
    Closed,
    /// The data can't be parsed, converted or accepted.
    Data,
    /// Transient errors, and every unknown state.
    Other,
}

impl StateClass {
    /// Meaning of a state, by itself or else by its class.
    pub(super) fn of(state: &SqlState) -> Self {
        let code = state.code();
        match code {
            // serialization_failure, deadlock_detected, lock_not_available.
            "40001" | "40P01" | "55P03" => StateClass::Conflict,
            // statement_timeout (query_canceled).
            "57014" => StateClass::Excess,
            // admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout,
            // idle_session_timeout.
            "57P01" | "57P02" | "57P03" | "25P03" | "57P05" => StateClass::Connection,
            // too_many_connections.
            "53300" => StateClass::Crowded,
            // read_only_sql_transaction, database_dropped.
            "25006" | "57P04" => StateClass::Closed,
            // insufficient_privilege.
            "42501" => StateClass::Refused,
            // cardinality_violation: rows of one key in one statement, which this server never sends.
            "21000" => StateClass::Other,
            _ => match code.get(..2) {
                Some("08") => StateClass::Connection,
                Some("28") => StateClass::Refused,
                // invalid_catalog_name, invalid_schema_name, and missing or changed objects.
                Some("3D" | "3F" | "42") => StateClass::Schema,
                // insufficient_resources (disk_full, out_of_memory), system_error (io_error).
                Some("53" | "58") => StateClass::Closed,
                // data_exception, integrity_constraint_violation, with_check_option_violation, an error that a
                // function or a trigger raises.
                Some("22" | "23" | "44" | "P0") => StateClass::Data,
                // program_limit_exceeded: a value, a row or an index entry is too large.
                Some("54") => StateClass::Data,
                _ => StateClass::Other,
            },
        }
    }

    /// Fault of a batch that ends with it. If it isn't known whether the batch was stored, it is sent again: a repeated
    /// upsert changes nothing.
    fn fault(self) -> Fault {
        match self {
            StateClass::Conflict | StateClass::Crowded | StateClass::Other => Fault::Transient,
            StateClass::Connection => Fault::Unanswered,
            StateClass::Excess => Fault::Excess,
            StateClass::Schema | StateClass::Refused | StateClass::Closed => Fault::Destination,
            StateClass::Data => Fault::Content,
        }
    }
}

/// Classifies an error.
pub(super) fn judge(error: &Error) -> StoreError {
    if let Some(state) = error.code() {
        return failed(StateClass::of(state).fault(), told(error));
    }
    let fault = match error.is_closed() || is_io(error) {
        true => Fault::Unanswered,
        // A value that can't be encoded for a parameter's type, or an unexpected answer: it needs a fix.
        false => Fault::Destination,
    };
    failed(fault, told(error))
}

/// Error of a failed connection attempt: nothing was stored.
pub(super) fn unreachable(error: &Error) -> StoreError {
    let judged = judge(error);
    let fault = match error.code().map(StateClass::of) {
        Some(StateClass::Crowded) => Fault::Transient,
        _ => Fault::Destination,
    };
    StoreError { fault, ..judged }
}

/// True if an error is about the server of a connection, so that its other connections are no better though they are
/// open: it became read-only, as after a failover, or it crashed. A single connection that was terminated, by an
/// operator or a shutdown, tells nothing of the others.
pub(super) fn is_of_the_server(error: &Error) -> bool {
    // read_only_sql_transaction, crash_shutdown, cannot_connect_now.
    const STATES: [&str; 3] = ["25006", "57P02", "57P03"];
    error
        .code()
        .is_some_and(|state| STATES.contains(&state.code()))
}

/// Error without a SQLSTATE.
pub(super) fn failed(fault: Fault, message: String) -> StoreError {
    StoreError {
        fault,
        code: None,
        row: None,
        message: cut(&message),
    }
}

fn is_io(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Error in the server's words, or with its causes.
fn told(error: &Error) -> String {
    if let Some(db) = error.as_db_error() {
        let mut text = format!("{} ({})", db.message(), db.code().code());
        for (what, more) in [
            ("detail", db.detail()),
            ("constraint", db.constraint()),
            ("where", db.where_()),
        ] {
            if let Some(more) = more {
                text.push_str(&format!("; {what}: {more}"));
            }
        }
        return text;
    }
    if let Some(text) = address_tls::refusal(error) {
        return text;
    }
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
    // In the words of the client.
    if text.contains("server does not support TLS") {
        text.push_str("; set it up there (ssl = on), or go without it by sslmode=disable in the PostgreSQL URL");
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

    #[test]
    fn a_state_says_who_is_at_fault() {
        let fault = |code: &str| StateClass::of(&SqlState::from_code(code)).fault();
        for code in ["40001", "40P01", "55P03", "53300", "XX000"] {
            assert_eq!(fault(code), Fault::Transient, "{code}");
        }
        for code in ["08006", "57P01", "57P03"] {
            assert_eq!(fault(code), Fault::Unanswered, "{code}");
        }
        assert_eq!(fault("57014"), Fault::Excess);
        for code in [
            "42P01", "42703", "3D000", "28P01", "53100", "25006", "42501", "58030",
        ] {
            assert_eq!(fault(code), Fault::Destination, "{code}");
        }
        for code in [
            "22021", "22P02", "22P05", "23505", "23514", "54000", "P0001",
        ] {
            assert_eq!(fault(code), Fault::Content, "{code}");
        }
    }
}
