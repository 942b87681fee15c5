//! Tests of known and unknown fields, and of the tables that keep them.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::generated::PIPELINE;

fn fed_of(name: &str) -> Fed {
    let all = tables(&PIPELINE);
    all.iter().find(|(table, _)| table.name == name).unwrap().1
}

#[test]
fn a_build_knows_its_fields_by_number_and_by_name() {
    let events = fed_of("event");
    for known in [
        "/event/addToCartEvent/#5",
        "/event/addToCartEvent/productId",
        "/header/userId",
        "/event/timestamp",
    ] {
        assert!(events.knows(known), "{known}");
    }
    for unknown in [
        "/event/addToCartEvent/#999",
        "/event/addToCartEvent/colour",
        "/event/news/#1",
        "/header/tenant",
        "/body/userId",
        "/event",
        "…cut",
    ] {
        assert!(!events.knows(unknown), "{unknown}");
    }
    assert!(fed_of("click_event").knows("/body/url"));
    assert!(!fed_of("click_event").knows("/body/url/x"));
}

#[test]
fn letters_and_whole_messages_keep_no_unknown_fields() {
    let all = tables(&PIPELINE);
    let names: Vec<&str> = all.iter().map(|(table, _)| table.name).collect();
    assert!(
        names.contains(&"event") && names.contains(&"user_account"),
        "{names:?}"
    );
    assert!(
        !names.contains(&"error_event") && !names.contains(&"branch_event"),
        "{names:?}"
    );
}
