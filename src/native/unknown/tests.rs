//! Unknown fields of small messages, and what carries members of JSON.
#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::json::Value;
use crate::native::Layout;
use crate::protobuf::writer::push_field;
use crate::protobuf::{Field, Kind, Label};
use crate::unknown::{CUT, MOST, UNKNOWN_MEMBERS, parts, push_part};

static ITEM: Shape = Shape {
    name: "test.Item",
    fields: &[field(1, "name", Kind::String, Label::Implicit)],
    dense: &[0, 1],
    any_of: &[],
    retired: &[],
};

static ENTRY: Shape = Shape {
    name: "test.Entry",
    fields: &[
        field(1, "key", Kind::String, Label::Implicit),
        field(2, "value", Kind::Message(&ITEM), Label::Implicit),
    ],
    dense: &[0, 1, 2],
    any_of: &[],
    retired: &[],
};

static ROOT: Shape = Shape {
    name: "test.Root",
    fields: &[
        field(1, "id", Kind::String, Label::Implicit),
        field(2, "items", Kind::Message(&ITEM), Label::Repeated),
        field(3, "by_name", Kind::Map(&ENTRY), Label::Repeated),
        field(4, "one", Kind::Message(&ITEM), Label::Oneof(0)),
        field(5, "two", Kind::Message(&ITEM), Label::Oneof(0)),
    ],
    dense: &[0, 1, 2, 3, 4, 5],
    any_of: &[],
    retired: &[],
};

const fn field(number: u32, name: &'static str, kind: Kind, label: Label) -> Field {
    Field {
        number,
        name,
        json_name: name,
        kind,
        label,
    }
}

fn delimited(number: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_field(&mut out, number, value);
    out
}

fn text(bytes: &[u8]) -> String {
    let found = found("/event", &ROOT, bytes).unwrap();
    assert_eq!(
        found.is_some(),
        any(&ROOT, bytes),
        "what is noticed is what is found"
    );
    found.map_or_else(String::new, |unknown| unknown.text().to_owned())
}

#[test]
fn what_is_known_leaves_nothing() {
    let item = delimited(1, b"x");
    let all = [
        delimited(1, b"id"),
        delimited(2, &item),
        delimited(4, &item),
    ]
    .concat();
    assert_eq!(text(&all), "");
    let mut column = Column::new(&Layout::Text);
    append(&mut column, &ROOT, &all, false, None).unwrap();
    append(&mut column, &ROOT, &all, true, None).unwrap();
    assert!(column.filled().is_empty());
}

#[test]
fn a_field_is_named_by_where_it_is_and_kept_as_it_came() {
    let item = |more: &[u8]| [delimited(1, b"x"), more.to_vec()].concat();
    let entry =
        |key: &str, value: &[u8]| [delimited(1, key.as_bytes()), delimited(2, value)].concat();
    let bytes = [
        delimited(2, &item(&[])),
        delimited(2, &item(&[0x48, 0x01])),
        delimited(3, &entry("a/b~", &item(&[0x48, 0x02]))),
        vec![0x50, 0x03],
        // A group is a field, too.
        vec![0x5b, 0x08, 0x01, 0x5c],
        vec![0x50, 0x04],
    ]
    .concat();
    assert_eq!(
        text(&bytes),
        r##"{"/event/#10":"UANQBA==","/event/#11":"WwgBXA==","/event/by_name/a~1b~0/#9":"SAI=","/event/items/1/#9":"SAE="}"##
    );
}

#[test]
fn of_a_oneof_and_of_equal_keys_the_last_counts() {
    let item = |value: u8| vec![0x48, value];
    let entry = |value| [delimited(1, b"k"), delimited(2, &item(value))].concat();
    let bytes = [
        delimited(3, &entry(1)),
        delimited(3, &entry(2)),
        delimited(4, &item(3)),
        delimited(5, &item(4)),
    ]
    .concat();
    assert_eq!(
        text(&bytes),
        r##"{"/event/by_name/k/#9":"SAI=","/event/two/#9":"SAQ="}"##
    );
}

#[test]
fn members_of_json_come_back_as_they_were_written() {
    let written = r#"{ "/event/one/colour" : "r\u00e9d" , "/event/size":1.50,"…cut":3}"#;
    let bytes = [
        vec![0x50, 0x03],
        delimited(UNKNOWN_MEMBERS, written.as_bytes()),
    ]
    .concat();
    assert_eq!(
        text(&bytes),
        r##"{"/event/#10":"UAM=","/event/one/colour":"r\u00e9d","/event/size":1.50,"…cut":3}"##
    );
}

#[test]
fn a_carrier_that_holds_something_else_is_any_other_field() {
    for other in [
        "",
        "[]",
        "{",
        r#"{"/event/a":}"#,
        r#"{"/event/a":1,}"#,
        r#"{"/event/a":1}x"#,
        r#"{"/header/a":1}"#,
        r#"{"/event":1}"#,
        r#"{"/event/a":1,"/event/a":2}"#,
        r#"{"…cut":"x"}"#,
        "{\"/event/a\":\"\u{1}\"}",
    ] {
        let bytes = delimited(UNKNOWN_MEMBERS, other.as_bytes());
        let expected = format!(r##"{{"/event/#536870911":"{}"}}"##, STANDARD.encode(&bytes));
        assert_eq!(text(&bytes), expected, "{other}");
    }
    // Inside of another message it carries nothing.
    let inner = delimited(UNKNOWN_MEMBERS, br#"{"/event/a":1}"#);
    let expected = format!(
        r##"{{"/event/one/#536870911":"{}"}}"##,
        STANDARD.encode(&inner)
    );
    assert_eq!(text(&delimited(4, &inner)), expected);
}

#[test]
fn the_largest_are_cut_and_counted() {
    let mut bytes = Vec::new();
    for number in 20..40 {
        bytes.extend(delimited(
            number,
            &vec![b'x'; 1000 * (number as usize - 19)],
        ));
    }
    let text = text(&bytes);
    assert!(
        text.len() <= MOST && text.len() > MOST / 2,
        "{}",
        text.len()
    );
    let kept: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let cut = kept.get(CUT).and_then(serde_json::Value::as_u64).unwrap();
    assert_eq!(kept.len() as u64 - 1 + cut, 20);
    assert!(kept.contains_key("/event/#20") && !kept.contains_key("/event/#39"));
}

#[test]
fn many_small_ones_are_bounded_whatever_comes_in() {
    let item = delimited(2, &[0x48, 0x01]);
    let text = text(&item.repeat(50_000));
    assert!(text.len() <= MOST, "{}", text.len());
    assert!(text.contains(r#""…cut":4"#), "{}", &text[text.len() - 40..]);
}

#[test]
fn header_and_event_are_one_object_in_order() {
    let header = of_header(&ITEM, &[0x48, 0x07], true).unwrap();
    let mut column = Column::new(&Layout::Dictionary { nullable: false });
    append(&mut column, &ROOT, &[0x50, 0x03], true, header.as_ref()).unwrap();
    append(&mut column, &ROOT, &[], false, header.as_ref()).unwrap();
    let filled = column.filled();
    let texts: Vec<&str> = filled
        .iter()
        .map(|(text, _)| std::str::from_utf8(text).unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            r##"{"/event/#10":"UAM=","/header/#9":"SAc="}"##,
            r##"{"/header/#9":"SAc="}"##
        ]
    );
    assert!(of_header(&ITEM, &[0x48, 0x07], false).unwrap().is_none());
}

#[test]
fn undeclared_members_of_json_are_named_by_where_they_are() {
    let body = json!({
        "id": 1, "zebra": [1, {"a": null}], "": 2, "idx": 3,
        "items": [{"name": "a"}, {"name": "b", "size": 4}, 5],
        "by_name": {"k": {"extra": true}},
        "one": {"na/me": 1}
    });
    let mut column = Column::new(&Layout::Nullable(&Layout::Text));
    append_members(&mut column, &ROOT, Value::from(body).as_object().unwrap()).unwrap();
    let known = Value::from(json!({"id": "x"}));
    append_members(&mut column, &ROOT, known.as_object().unwrap()).unwrap();
    let filled = column.filled();
    assert_eq!(
        std::str::from_utf8(filled[0].0).unwrap(),
        r#"{"/body/":2,"/body/by_name/k/extra":true,"/body/idx":3,"/body/items/1/size":4,"/body/one/na~1me":1,"/body/zebra":[1,{"a":null}]}"#
    );
    assert_eq!((filled.len(), column.rows()), (1, 2));
}

#[test]
fn a_pointer_comes_apart_as_it_was_put_together() {
    let mut path = String::from("/event");
    push_part(&mut path, "a/b~1");
    assert_eq!(parts(&path).collect::<Vec<_>>(), ["event", "a/b~1"]);
}
