//! Fuzz target: any JSON, as webhooks post it. Another parser is the oracle.

use serde_json::Value as Theirs;

use crate::json::{Value, limits, parse};

/// Reasons for which the other parser refuses what is read here: numbers that it can't hold, and half a pair of
/// surrogates, which becomes U+FFFD.
const STRICTER: &[&str] = &[
    "number out of range",
    "surrogate",
    "unexpected end of hex escape",
    "recursion limit",
];

/// Reasons for which text is refused here that the other parser reads.
const HERE: &[&str] = &["is in one object twice", "nests deeper"];

/// Parses a text.
///
/// # Panics
///
/// If it accepts or refuses what another parser doesn't, reads something else, or what it writes isn't what it read; if
/// the limits aren't those of the text.
pub(super) fn text(text: &[u8]) {
    let theirs = serde_json::from_slice::<Theirs>(text);
    let ours = match parse(text) {
        Ok(ours) => ours,
        Err(fault) => {
            let told = fault.to_string();
            let here = HERE.iter().any(|reason| told.contains(reason));
            assert!(theirs.is_err() || here, "another parser reads it: {told}");
            assert!(here || limits::outline(text).is_err(), "outlined: {told}");
            return;
        }
    };
    let written = ours.to_string();
    assert_eq!(parse(written.as_bytes()).as_ref(), Ok(&ours), "{written}");
    match theirs {
        Ok(theirs) => {
            let again = serde_json::from_str::<Theirs>(&written).ok();
            assert_eq!(again, Some(theirs), "{written}");
        }
        Err(error) => {
            let told = error.to_string();
            let stricter = STRICTER.iter().any(|reason| told.contains(reason));
            assert!(stricter, "another parser refuses it: {told}");
        }
    }
    let outlined = limits::outline(text).is_ok();
    let within = match &ours {
        Value::Object(object) => limits::check(object).is_ok(),
        _ => false,
    };
    assert_eq!(outlined, within, "the limits of the text and of its value");
}
