//! Personal fields are masked wherever they are, and others are not.

#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

#[test]
fn the_name_of_a_type_is_no_field() {
    let mut shown = json!({
        "type": "PhoneVerifiedEvent",
        "event": { "id": "1", "phoneVerifiedEvent": { "phone": "1", "country": "de" }, "email": "a" },
        "row": { "phones": { "phone": "1" } },
    });
    Personal::default().mask_shown(&mut shown, Some("phoneVerifiedEvent"));
    let wanted = json!({
        "type": "PhoneVerifiedEvent",
        "event": { "id": "1", "phoneVerifiedEvent": { "phone": "***", "country": "de" }, "email": "***" },
        "row": { "phones": { "phone": "***" } },
    });
    assert_eq!(shown, wanted);
}

#[test]
fn personal_fields_are_masked_at_any_depth_and_others_are_not() {
    let personal = Personal::with(["loyaltyCard"]);
    let mut shown = json!({
        "productName": "shoe",
        "emailAddress": "a@b.de",
        "user_agent": "Firefox",
        "ip": ["1.2.3.4"],
        "address": { "street": "s", "city": "c", "none": null },
        "loyalty_card": 7,
        "orders": [{ "phone": "1", "count": 2 }],
        "note": "write to jo.doe+x@example.com, please",
        "handle": "@someone",
        "mention": "@someone at 5.30",
        "params": "{\"email\":\"x@y.de\",\"n\":1}",
        "currentURL": "https://shop.example/a?email=x",
        "empty": { "email": "" },
    });
    personal.mask(&mut shown);
    let wanted = json!({
        "productName": "shoe",
        "emailAddress": "***",
        "user_agent": "***",
        "ip": ["***"],
        "address": { "street": "***", "city": "***", "none": null },
        "loyalty_card": "***",
        "orders": [{ "phone": "***", "count": 2 }],
        "note": "***",
        "handle": "***",
        "mention": "@someone at 5.30",
        "params": "{\"email\":\"***\",\"n\":1}",
        "currentURL": "https://shop.example/a?***",
        "empty": { "email": "" },
    });
    assert_eq!(shown, wanted);
}

fn masked(personal: &Personal, mut value: Value) -> Value {
    personal.mask(&mut value);
    value
}

#[test]
fn a_personal_value_is_masked_by_whatever_way_it_comes() {
    let personal = Personal::default();
    let masked = |value| masked(&personal, value);
    for (given, wanted) in [
        // Lists of names and values, and keys that are values themselves.
        (
            json!({ "attributes": [{ "key": "phone", "value": "1" }, { "key": "size", "value": "2" }] }),
            json!({ "attributes": [{ "key": "phone", "value": "***" }, { "key": "size", "value": "2" }] }),
        ),
        (
            json!({ "a@example.com": 1, "b": 2 }),
            json!({ "***": 1, "b": 2 }),
        ),
        (
            json!({ "a@example": { "com": 1 }, "@type": 2 }),
            json!({ "***": { "com": 1 }, "@type": 2 }),
        ),
        // Names that are written in other ways.
        (
            json!({ "billing.phone": "1", "Last Name": "x", "e-mail": "y" }),
            json!({ "billing.phone": "***", "Last Name": "***", "e-mail": "***" }),
        ),
        // Queries, forms and fragments, escaped or not.
        (json!("/a?phone=1"), json!("/a?***")),
        (
            json!("https://shop.example/#token=1"),
            json!("https://shop.example/?***"),
        ),
        (
            json!("https://shop.example/#top"),
            json!("https://shop.example/#top"),
        ),
        (json!("/what?"), json!("/what?")),
        (json!("q=x%40example.com"), json!("***")),
        (json!("phone=1&size=2"), json!("phone=***&size=2")),
        (json!("a = b"), json!("a = b")),
        // JSON in JSON in texts, and JSON that is cut off.
        (
            json!("[{\"a\":\"{\\\"phone\\\":1}\"}]"),
            json!("[{\"a\":\"{\\\"phone\\\":\\\"***\\\"}\"}]"),
        ),
        (json!("{\"phone\":\"1"), json!("***")),
        (json!("[Sale] shoes"), json!("[Sale] shoes")),
    ] {
        assert_eq!(masked(given.clone()), wanted, "{given}");
    }
    let deep = format!("{}{{\"phone\":\"1\"}}{}", "[".repeat(500), "]".repeat(500));
    assert_eq!(masked(json!(deep)), "***");
}

#[test]
fn a_path_is_personal_where_it_leads_and_nowhere_else() {
    let personal = Personal::with(["addToCartEvent.note", "header.referrer"]);
    let mut shown = json!({
        "header": { "referrer": "a", "note": "b" },
        "event": { "addToCartEvent": { "note": "c", "referrer": "d" }, "referrer": "e" },
    });
    personal.mask_shown(&mut shown, Some("addToCartEvent"));
    let wanted = json!({
        "header": { "referrer": "***", "note": "b" },
        "event": { "addToCartEvent": { "note": "***", "referrer": "d" }, "referrer": "e" },
    });
    assert_eq!(shown, wanted);
    assert!(personal.covers(&["event", "add_to_cart_event", "note", "text"]));
    assert!(!personal.covers(&["event", "note"]));
    assert!(personal.covers(&["address", "city"]));
}

#[test]
fn what_a_webhook_has_at_its_top_is_masked_as_below() {
    let mut shown = json!({
        "event": { "address": { "city": "c" }, "orders": { "size": 1 } },
        "row": { "orders": "no row: field `body.phone`: should be a text, is 491511234" },
        "reason": "field `customer.phone`: should be a text, is 491511234",
        "base64": "cGhvbmU=",
        "bytes": 5,
    });
    Personal::default().mask_shown(&mut shown, None);
    let wanted = json!({
        "event": { "address": { "city": "***" }, "orders": { "size": 1 } },
        "row": { "orders": "no row: field `body.phone`: ***" },
        "reason": "field `customer.phone`: ***",
        "base64": "***",
        "bytes": 5,
    });
    assert_eq!(shown, wanted);
    let mut reason = "timestamp: should be milliseconds, is \"yesterday\"".to_owned();
    Personal::default().mask_reason(&mut reason);
    assert_eq!(
        reason,
        "timestamp: should be milliseconds, is \"yesterday\""
    );
}
