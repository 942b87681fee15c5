//! What an error of PostgreSQL means: the one place where SQLSTATEs are read.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::sink::{Fault, StoreError};

/// Longer messages are cut: they may quote the data.
const MESSAGE_LIMIT: usize = 1000;

/// What a SQLSTATE tells. Those that call for the same answer share a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Two transactions got in each other's way, or one waited too long for the other.
    Conflict,
    /// The connection broke, or the server ends or starts.
    Connection,
    /// The statement took longer than it may.
    Excess,
    /// There is no connection to be had at the moment.
    Crowded,
    /// There is no such database, table or column, or it is of another type.
    Schema,
    /// The account is unknown, its password is wrong, or it may not do this.
    Refused,
    /// The server takes no writes now: full, out of memory, read-only.
    Closed,
    /// The data can't be read, converted or accepted.
    Data,
    /// Everything that may pass by itself, and every state that isn't known here.
    Other,
}

impl State {
    /// What a state means, by itself or else by its class.
    pub(super) fn of(state: &SqlState) -> Self {
        let code = state.code();
        match code {
            // serialization_failure, deadlock_detected, lock_not_available.
            "40001" | "40P01" | "55P03" => State::Conflict,
            // statement_timeout (query_canceled).
            "57014" => State::Excess,
            // admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout,
            // idle_session_timeout.
            "57P01" | "57P02" | "57P03" | "25P03" | "57P05" => State::Connection,
            // too_many_connections.
            "53300" => State::Crowded,
            // read_only_sql_transaction, database_dropped.
            "25006" | "57P04" => State::Closed,
            // insufficient_privilege.
            "42501" => State::Refused,
            // cardinality_violation: rows of one key in one statement, which this server never sends.
            "21000" => State::Other,
            _ => match code.get(..2) {
                Some("08") => State::Connection,
                Some("28") => State::Refused,
                // invalid_catalog_name, invalid_schema_name, and what isn't there or isn't as it was.
                Some("3D" | "3F" | "42") => State::Schema,
                // insufficient_resources (disk_full, out_of_memory), system_error (io_error).
                Some("53" | "58") => State::Closed,
                // data_exception, integrity_constraint_violation, with_check_option_violation, an error that a
                // function or a trigger raises.
                Some("22" | "23" | "44" | "P0") => State::Data,
                // program_limit_exceeded: a value, a row or an index entry is too large.
                Some("54") => State::Data,
                _ => State::Other,
            },
        }
    }

    /// What is to be done when a batch ends like this. Where it isn't known whether the batch was stored, it is
    /// sent again: an upsert that was carried out does nothing the second time.
    fn fault(self) -> Fault {
        match self {
            State::Conflict | State::Crowded | State::Other => Fault::Transient,
            State::Connection => Fault::Unanswered,
            State::Excess => Fault::Excess,
            State::Schema | State::Refused | State::Closed => Fault::Destination,
            State::Data => Fault::Content,
        }
    }
}

/// Decides what an error means.
pub(super) fn judge(error: &Error) -> StoreError {
    if let Some(state) = error.code() {
        return failed(State::of(state).fault(), told(error));
    }
    let fault = match error.is_closed() || is_io(error) {
        true => Fault::Unanswered,
        // A value that can't be encoded for a parameter's type, or an answer of another form: wrong until somebody
        // mends it.
        false => Fault::Destination,
    };
    failed(fault, told(error))
}

/// An error of a connection that never came to be: nothing was stored.
pub(super) fn unreachable(error: &Error) -> StoreError {
    let judged = judge(error);
    let fault = match error.code().map(State::of) {
        Some(State::Crowded) => Fault::Transient,
        _ => Fault::Destination,
    };
    StoreError { fault, ..judged }
}

/// Whether an error is about the server that a connection leads to, so that no other connection to it is any better
/// though it is open: the server became read-only, as after a failover, or it has crashed. One that is ended alone, by
/// somebody or by a shutdown, says nothing of the others.
pub(super) fn is_of_the_server(error: &Error) -> bool {
    // read_only_sql_transaction, crash_shutdown, cannot_connect_now.
    const STATES: [&str; 3] = ["25006", "57P02", "57P03"];
    error
        .code()
        .is_some_and(|state| STATES.contains(&state.code()))
}

/// An error without a number.
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

/// An error in the server's words, or with its causes.
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

    #[test]
    fn a_state_says_who_is_at_fault() {
        let fault = |code: &str| State::of(&SqlState::from_code(code)).fault();
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
