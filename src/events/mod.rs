//! The events of a request: what each is, whether it came in protobuf or in JSON.

mod as_json;
mod scan;
mod verdict;

pub use as_json::{AsJson, refused, verdicts};
pub use scan::{Event, MAX_EVENTS, Refused, Request, scan};
pub use verdict::Verdict;
