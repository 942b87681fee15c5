//! Accepted and refused values of each kind of field, with the reasons.

use event_grpc::proto_json::{Found, Most, ProtoJson, Request, Unread};
use prost::Message as _;

use super::MOST;
use crate::kinds::small::envelope::ENVELOPE;
use crate::kinds::small::proto::event::event::EventOf;
use crate::kinds::small::proto::event::everything::Choice;
use crate::kinds::small::proto::event::{Event, Everything};

fn reader() -> ProtoJson {
    ProtoJson::new(&ENVELOPE)
}

/// A request with one event whose payload is this text.
fn request(payload: &str) -> String {
    format!(r#"{{"header":{{}},"events":[{{"id":"i","everything":{payload}}}]}}"#)
}

/// The payload, or why there is none.
fn read(payload: &str) -> Result<Everything, String> {
    let text = request(payload);
    let request = reader().read(text.as_bytes(), MOST).unwrap();
    match &request.events[0].found {
        Found::Known(_, place) => {
            let event = Event::decode(&request.wire[place.clone()]).unwrap();
            match event.event_of {
                Some(EventOf::Everything(everything)) => Ok(everything),
                other => panic!("{other:?}"),
            }
        }
        Found::RowError(bad) => Err(bad.to_string()),
        other => panic!("{payload}: {other:?}"),
    }
}

#[test]
fn what_is_plain_is_taken() {
    let everything = |fill: fn(&mut Everything)| {
        let mut everything = Everything::default();
        fill(&mut everything);
        Ok(everything)
    };
    for text in ["7", "7.0", "70e-1", "\"7\"", "\" 7.0 \"", "0.7E1"] {
        assert_eq!(
            read(&format!(r#"{{"small":{text}}}"#)),
            everything(|e| e.small = 7),
            "{text}"
        );
    }
    let max = r#"{"big":9223372036854775807,"large":"18446744073709551615"}"#;
    assert_eq!(
        read(max),
        everything(|e| (e.big, e.large) = (i64::MAX, u64::MAX))
    );
    for text in ["1760000000000", "\"1760000000000\""] {
        let read = read(&format!(r#"{{"choiceText":{text}}}"#)).unwrap();
        assert_eq!(
            read.choice,
            Some(Choice::ChoiceText("1760000000000".to_owned()))
        );
    }
    // Digits as they are written, however many.
    let read_text = |text: &str| read(&format!(r#"{{"names":[{text}]}}"#)).unwrap().names;
    assert_eq!(
        read_text("12345678901234567890123.50"),
        ["12345678901234567890123.50"]
    );
    assert_eq!(read_text(r#""a\ud83d""#), ["a\u{fffd}"]);
    assert_eq!(read_text(r#""\udc00\ud83d\ude00""#), ["\u{fffd}😀"]);
    for text in ["NaN", "\"NaN\""] {
        assert!(
            read(&format!(r#"{{"double":{text}}}"#))
                .unwrap()
                .double
                .is_nan()
        );
    }
    for text in ["-_8=", "-_8", "+/8=", "+/8"] {
        assert_eq!(
            read(&format!(r#"{{"raw":"{text}"}}"#)),
            everything(|e| e.raw = vec![0xfb, 0xff])
        );
    }
    // By its first name and by the others.
    for text in ["\"COLOR_RED\"", "\"COLOR_RUBY\"", "1", "\"1\"", "1.0"] {
        let read = read(&format!(r#"{{"color":{text},"maybe_color":{text}}}"#)).unwrap();
        assert_eq!((read.color, read.maybe_color), (1, Some(1)), "{text}");
    }
    // Null is absent, and nothing of a oneof.
    let nulls = r#"{"small":null,"choiceText":null,"choiceNumber":3,"numbers":null,"labels":null,"at":null}"#;
    assert_eq!(
        read(nulls),
        everything(|e| e.choice = Some(Choice::ChoiceNumber(3)))
    );
    // A default is there where its presence is told.
    let read = read(r#"{"maybe":0,"small":0,"choiceText":""}"#).unwrap();
    assert_eq!(
        (read.maybe, read.choice),
        (Some(0), Some(Choice::ChoiceText(String::new())))
    );
}

#[test]
fn what_is_wrong_costs_its_event_and_says_where() {
    let deep = format!(r#"{{"free":{}1{}}}"#, r#"{"a":"#.repeat(60), "}".repeat(60));
    for (payload, reason) in [
        (
            r#"{"small":1.5}"#,
            "field `everything.small`: should be a whole number of 32 bits, is 1.5",
        ),
        (
            r#"{"small":2147483648}"#,
            "`everything.small`: should be a whole number of 32 bits, is 2147483648",
        ),
        (
            r#"{"small":"a lot"}"#,
            r#"`everything.small`: should be a whole number of 32 bits, is "a lot""#,
        ),
        (r#"{"small":""}"#, "whole number of 32 bits, is \"\""),
        (
            r#"{"natural":-1}"#,
            "`everything.natural`: should be a whole number from 0, of 32 bits, is -1",
        ),
        (r#"{"big":9223372036854775808}"#, "whole number of 64 bits"),
        (
            r#"{"big":9223372036854775807.5}"#,
            "whole number of 64 bits",
        ),
        (r#"{"single":"1e39"}"#, "number of single precision"),
        (
            r#"{"double":1e400}"#,
            "`everything.double`: should be a number, is 1e400",
        ),
        (r#"{"double":"inf"}"#, "should be a number"),
        (
            r#"{"flag":"true"}"#,
            r#"`everything.flag`: should be true or false, is "true""#,
        ),
        (r#"{"flag":1}"#, "should be true or false, is 1"),
        (r#"{"raw":"%%"}"#, "should be bytes in base64"),
        (
            r#"{"names":[true]}"#,
            "`everything.names[0]`: should be a text, is true",
        ),
        (
            r#"{"names":["a",null]}"#,
            "`everything.names[1]`: should be a text, is null",
        ),
        (
            r#"{"numbers":[1,null]}"#,
            "`everything.numbers[1]`: should be a whole number of 64 bits, is null",
        ),
        (
            r#"{"items":[null]}"#,
            "`everything.items[0]`: should be an object, is null",
        ),
        (
            r#"{"items":[{},{"productId":{}}]}"#,
            "`everything.items[1].productId`: should be a whole number",
        ),
        (
            r#"{"items":{}}"#,
            "`everything.items`: should be a list, is {}",
        ),
        (
            r#"{"inner":[]}"#,
            "`everything.inner`: should be an object, is []",
        ),
        (
            r#"{"labels":{"a":null}}"#,
            "`everything.labels.a`: should be a whole number of 64 bits, is null",
        ),
        (r#"{"labels":{"a":1,"a":2}}"#, "has the key \"a\" twice"),
        (
            r#"{"labels":[]}"#,
            "`everything.labels`: should be an object, is []",
        ),
        (
            r#"{"answers":{"x":true}}"#,
            "the key should be a whole number of 32 bits",
        ),
        (r#"{"free":{"a":1,"b":2,"a":3}}"#, "has the key \"a\" twice"),
        (r#"{"color":"COLOR_RD"}"#, "did you mean `COLOR_RED`?"),
        (r#"{"at":1760000000}"#, "should be a time like 2026"),
        (
            r#"{"at":"2026-02-30T00:00:00Z"}"#,
            "should be a time like 2026",
        ),
        (
            r#"{"choiceText":"a","choiceNumber":1}"#,
            "has both `choiceText` and `choiceNumber`",
        ),
        (
            r#"{"small":1,"big":2,"small":1}"#,
            "field `everything`: has `small` twice",
        ),
        (
            r#"{"maybe_color":1,"maybeColor":1}"#,
            "has `maybeColor` twice",
        ),
        (r#"{"small":0,"small":0}"#, "has `small` twice"),
        (r#"{"small":01}"#, "is not JSON: this is no number"),
        (r#"{"small":1,}"#, "a name in quotes should be here"),
        (
            r#"{"small" 1}"#,
            "a colon should follow a name (line 1, column",
        ),
        (
            r#"{"small":nope}"#,
            "should be a whole number of 32 bits, is nope",
        ),
        (
            "{\"names\":[\"a\u{1}\"]}",
            "a control character in a text should be escaped",
        ),
        (
            r#"{"names":["\x"]}"#,
            "a backslash stands before what can't be escaped",
        ),
        (r#"{"unknown":[1,,2]}"#, "is not JSON"),
        (
            r#"{"free":{"a":NaN}}"#,
            "`everything.free.a`: should be a value of JSON",
        ),
        (&deep, "nests deeper than 100 levels"),
        ("7", "field `everything`: should be an object, is 7"),
    ] {
        let told = read(payload).unwrap_err();
        assert!(told.contains(reason), "{payload}: {told}");
    }
    let told = read(&format!(r#"{{"small":"{}"}}"#, "ü".repeat(1000))).unwrap_err();
    assert!(told.len() < 300 && told.ends_with('…'), "{told}");
}

#[test]
fn only_what_is_no_request_is_refused() {
    let refused = |text: &str| {
        reader()
            .read(text.as_bytes(), MOST)
            .unwrap_err()
            .to_string()
    };
    for (text, reason) in [
        ("", "line 1, column 1: a request should be an object"),
        ("[]", "a request should be an object"),
        (
            "{\n \"header\": {},\n \"events\": {}}",
            "line 3, column 12: `events` should be a list",
        ),
        (r#"{"events":[{}"#, "a comma or ] should follow"),
        (r#"{"events":[{]}"#, "a bracket closes that was not opened"),
        (r#"{"events":[{"id":"a}]}"#, "a text doesn't end"),
        (r#"{"events":[]} x"#, "nothing should follow the request"),
        (r#"{"events":[],"events":[]}"#, "`events` is there twice"),
        (
            r#"{"header":{"geo":{"latitude":"x"}},"events":[]}"#,
            "the header is wrong: field `header.geo.latitude`",
        ),
        (
            r#"{"header":7}"#,
            "the header is wrong: field `header`: should be an object, is 7",
        ),
        (
            r#"{"header":"#,
            "field `header`: should be an object, and there is nothing",
        ),
        (r#"{"header":{"sessionId":"a",}}"#, "is not JSON"),
    ] {
        let told = refused(text);
        assert!(told.contains(reason), "{text}: {told}");
    }
    let most = Most { events: 2, told: 2 };
    let text = br#"{"events":[1,2,3]}"#;
    assert_eq!(reader().read(text, most).unwrap_err(), Unread::TooMany(2));
}

#[test]
fn each_event_stands_alone() {
    let text = "\u{feff}{\"events\":[ null, 7, {\"id\":\"a\",\"addToCart\":{}} ,{\"id\":\"b\"},{\"id\":\"c\",\"addToCar\":{}},{}, \
                {\"addToCart\":{},\"everything\":{}},{\"id\":5,\"addToCart\":null}],\"haeder\":{\"x\":1},\"header\":{\"Channel\":1}}";
    let read = reader().read(text.as_bytes(), MOST).unwrap();
    let told: Vec<String> = read
        .events
        .iter()
        .map(|event| match &event.found {
            Found::Known(number, _) => number.to_string(),
            Found::Unknown(name) => name.clone(),
            Found::NoType => "none".to_owned(),
            Found::RowError(bad) => bad.to_string(),
        })
        .collect();
    let both =
        "field `event`: has both `addToCart` and `everything`; only one of them may be there";
    let object = "field `event`: should be an object, is";
    assert_eq!(
        told,
        [
            &format!("{object} null"),
            &format!("{object} 7"),
            "9",
            "none",
            "addToCar",
            "none",
            both,
            "none"
        ]
    );
    assert_eq!(read.events[3].text, b"{\"id\":\"b\"}");
    assert_eq!(reader().id(read.events[7].text), "5");
    assert_eq!(reader().meant("addToCar"), Some("addToCart"));
    assert_eq!(
        read.warnings.listed,
        [
            "unknown member `haeder` of the request is ignored; did you mean `header`?",
            "header: unknown member `Channel` is kept in unknown_fields; did you mean `channel`?"
        ]
    );
    assert_eq!(read.around.header, br#"{"Channel":1}"#);
    let one = read.around.request([read.events[4].text].into_iter());
    let again: Request<'_> = reader().read(&one, MOST).unwrap();
    assert!(matches!(&again.events[0].found, Found::Unknown(name) if name == "addToCar"));
}
