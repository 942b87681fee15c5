//! Tests of filters.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn shown() -> Value {
    json!({
        "stage": "stored",
        "type": "AddToCartEvent",
        "client": "shop-web",
        "header": { "userId": "7", "os": "ios" },
        "event": {
            "id": "e-1",
            "addToCartEvent": {
                "productId": "9007199254740993",
                "quantity": 2,
                "price": 1.5,
                "isGift": true,
                "tags": ["new", "red"],
                "items": [{ "sku": "a" }, { "sku": "b" }],
                "none": null,
            },
        },
    })
}

#[test]
fn an_expression_selects_by_fields() {
    for (text, wanted) in [
        ("quantity == 2", true),
        ("quantity = 2", true),
        ("quantity >= 2 and quantity <= 2", true),
        ("quantity > 2", false),
        ("price < 1.6", true),
        ("productId == 9007199254740993", true),
        ("productId == '9007199254740993'", true),
        // Floating-point numbers can't tell these from it.
        ("productId == 9007199254740992", false),
        ("productId > 9007199254740992", true),
        ("productId < 9007199254740993.5", true),
        ("userId < inf", false),
        ("event == '{}'", false),
        ("event contains 'shoe'", false),
        ("event contains 'e-1'", true),
        ("userId == 7", true),
        ("header.userId == \"7\"", true),
        ("event.addToCartEvent.quantity != 3", true),
        ("quantity != 2", false),
        ("nowhere != 2", true),
        ("nowhere == 2", false),
        ("exists quantity", true),
        ("exists nowhere", false),
        ("exists none", false),
        ("isGift == true", true),
        ("tags contains 're'", true),
        ("tags == 'red'", true),
        ("items.sku == 'b'", true),
        ("items.sku == 'c'", false),
        ("type contains Cart", false),
        ("type contains 'Cart'", true),
        (
            "not exists coupon and (client == 'x' or stage == 'stored')",
            true,
        ),
        ("not (quantity == 2)", false),
        ("os == 'android' or os == 'ios' and quantity == 3", false),
        ("id == 'e-1'", true),
    ] {
        match Filter::parse(text) {
            Ok(filter) => assert_eq!(filter.matches(&shown()), wanted, "{text}"),
            Err(wrong) => assert!(!wanted && wrong.what.contains("quotes"), "{text}: {wrong}"),
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let deep = format!("{}a == 1{}", "(".repeat(30), ")".repeat(30));
    let many = vec!["a == 1"; MOST + 1].join(" and ");
    let long = format!("a == '{}'", "x".repeat(LONGEST));
    for (text, at, part) in [
        ("", 0, "expected a field"),
        ("quantity", 8, "exists quantity"),
        ("quantity = = 3", 11, "expected a number"),
        ("quantity == three", 12, "\"three\""),
        ("quantity > true", 11, "in quotes"),
        ("quantity == 3 4", 14, "expected `and`"),
        ("quantity == 3 && a == 1", 14, "`and`"),
        ("(quantity == 3", 14, "expected `)`"),
        ("name == 'x", 8, "no end"),
        ("ä == 1 and b..c == 2", 11, "no path"),
        ("a == 1x", 5, "no number"),
        (deep.as_str(), 17, "deeper"),
        (many.as_str(), 704, "more than 64"),
        (long.as_str(), 0, "bytes"),
    ] {
        let wrong = Filter::parse(text).unwrap_err();
        assert!(wrong.what.contains(part), "{text}: {wrong}");
        assert_eq!(wrong.at, at, "{text}: {wrong}");
    }
}

#[test]
fn it_says_which_fields_it_looks_at() {
    let filter = Filter::parse("not (a.b == 1 or exists c) and d contains 'x'").unwrap();
    let paths: Vec<String> = filter.paths().iter().map(|path| path.join(".")).collect();
    assert_eq!(paths, ["a.b", "c", "d"]);
}

proptest! {
    #[test]
    fn any_text_is_a_filter_or_an_error_within_it(text in "[a-z.()<>=!'\" 0-9-]{0,60}") {
        match Filter::parse(&text) {
            Ok(filter) => drop(filter.matches(&shown())),
            Err(wrong) => prop_assert!(wrong.at <= text.chars().count()),
        }
    }
}
