//! The functions of column expressions.
//!
//! They fail with a reason only; generated code adds the column.

mod datetime;
mod epoch;
mod header;
mod object;
mod text;
mod user_agent;

pub use datetime::{datetime, datetime_micros, not_after};
pub use epoch::{epoch_millis, epoch_millis_int, epoch_seconds, epoch_seconds_int};
pub use header::header;
pub use object::{
    copy, json_text, nothing, one_of, parse_json, put, rfc3339, with, without, without_nulls,
};
pub use text::{cow, enum_name, lower, upper, without_query};
pub use user_agent::{UserAgent, user_agent};

pub use crate::json::struct_object;
pub use crate::protobuf::timestamp::{timestamp_micros, timestamp_text};
pub use crate::time::MILLIS_RANGE;
