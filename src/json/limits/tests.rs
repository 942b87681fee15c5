//! Limits of JSON values: what is within them, and what is told of what isn't.

#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

/// Error of a text; it must be the same for its tree.
fn told(text: &str) -> Result<(), String> {
    let of_text = outline(text.as_bytes()).map(drop);
    let of_tree = check(&parse_object(text.as_bytes()).unwrap());
    assert_eq!(of_text.is_ok(), of_tree.is_ok(), "{text:.80}");
    of_text.map_err(|bad| bad.to_string())
}

fn list(of: impl Iterator<Item = String>) -> String {
    format!(r#"{{"list":[{}]}}"#, of.collect::<Vec<_>>().join(","))
}

#[test]
fn what_real_senders_send_is_within_the_limits() {
    let members = |n: usize| (0..n).map(|i| format!(r#""member_{i}":{i}"#));
    let wide = members(60).collect::<Vec<_>>().join(",");
    // A product with all the variants that a shop may have; an object of a thousand paths; one that nests.
    for text in [
        list((0..1_600).map(|_| format!("{{{wide}}}"))),
        format!("{{{}}}", members(1000).collect::<Vec<_>>().join(",")),
        format!("{}1{}", r#"{"a":"#.repeat(64), "}".repeat(64)),
        list((0..99_000).map(|i| i.to_string())),
        "{}".to_owned(),
    ] {
        assert_eq!(told(&text), Ok(()), "{text:.80}");
    }
}

#[test]
fn each_limit_names_itself() {
    let over = [
        (
            list((0..1001).map(|i| format!(r#"{{"sku_{i}":1}}"#))),
            "field `list`: brings the distinct paths of the JSON to more than 1000",
        ),
        (
            list((0..100_000).map(|_| r#"{"":0}"#.to_owned())),
            "field `list`: brings the members and elements of the JSON to more than 100000",
        ),
        (
            format!("{}1{}", r#"{"a":"#.repeat(65), "}".repeat(65)),
            "field `a`: nests deeper than 64 levels",
        ),
        (
            format!(r#"{{"a":{}{}}}"#, "[".repeat(64), "]".repeat(64)),
            "field `a`: nests deeper than 64 levels",
        ),
        (
            format!(r#"{{"b":1,"{}":2}}"#, "k".repeat(1 << 20)),
            "the names of the paths of the JSON to more than 131072 bytes",
        ),
        (
            list((0..20_000).map(|i| format!(r#"{{"k{}":1}}"#, i % 900))),
            "its lists have ",
        ),
        // Lists in lists, and lists below the objects of lists.
        (
            list((0..2000).map(|i| format!(r#"[{{"k{i}":[1]}}]"#))),
            "to more than 1000",
        ),
    ];
    for (text, wanted) in over {
        let told = told(&text).unwrap_err();
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn an_outline_has_all_but_the_elements_of_lists() {
    let text = r#" {"a":{"b":[1,{"c":2}],"d":"x"},"e":null,"f":-1,"g":1.5,"h":true,"a2":18446744073709551615} "#;
    let outline = outline(text.as_bytes()).unwrap();
    let wanted = json!({
        "a": {"b": [], "d": "x"}, "e": null, "f": -1, "g": 1.5, "h": true, "a2": 18_446_744_073_709_551_615_u64,
    });
    assert_eq!(Value::Object(outline), wanted);
    for (wrong, why) in [
        ("[]", "should be one JSON object"),
        ("{} {}", "trailing characters"),
        ("{", "EOF"),
        ("", "EOF"),
    ] {
        let told = super::outline(wrong.as_bytes()).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn members_and_elements_are_counted_in_a_text() {
    for (text, wanted) in [
        ("{}", 0),
        ("[ ]", 0),
        ("1", 0),
        (r#"{"a":1,"b":[1,2,{"c":"x,[\",{"}], "d" : { } }"#, 7),
        ("[{},[],[[]]]", 4),
    ] {
        assert_eq!(structure(text.as_bytes()).values, wanted, "{text}");
    }
    let many = format!("[{}0]", "0,".repeat(50));
    assert!(count(many.as_bytes(), 51).is_ok());
    let told = count(many.as_bytes(), 50).unwrap_err().to_string();
    assert!(
        told.contains("has 51 members and elements; at most 50"),
        "{told}"
    );
}

#[test]
fn a_text_is_counted_outside_of_its_strings_and_as_far_as_it_is_json() {
    let of = |text: &str| {
        let Structure {
            objects,
            values,
            names,
        } = structure(text.as_bytes());
        (objects, values, names)
    };
    assert_eq!(of(r#"{"a": {"b,:{": [1, {}]}, "c\"{": ""}"#), (3, 5, 3));
    assert_eq!(of(&"{".repeat(95_000)), (1, 0, 0));
    assert_eq!(of(&format!(r#"{{"a": "{}"#, "{".repeat(95_000))), (1, 1, 1));
    assert_eq!(of(r#"{"a": { 1 {}, {}, {}}}"#), (2, 1, 1));
}
