//! JSON text: the same as another parser reads, but for what that one changes or refuses.

#![allow(clippy::unwrap_used)]

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;

fn told(text: impl AsRef<[u8]>) -> String {
    parse(text.as_ref()).unwrap_err().to_string()
}

#[test]
fn numbers_keep_their_digits() {
    let text = r#"{"a":[10.50,1234567890123456789012,-0,1E+2,0.1000000000000000055]}"#;
    assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
}

#[test]
fn half_a_pair_is_a_replacement_character_in_texts_and_keys() {
    for (text, wanted) in [
        (r#"["\ud83d\ude00"]"#, "😀"),
        (r#"["\ud83d"]"#, "\u{fffd}"),
        (r#"["\ude00x"]"#, "\u{fffd}x"),
        (r#"["\ud83d\ud83d\ude00"]"#, "\u{fffd}😀"),
        (r#"["\ud83dA\n"]"#, "\u{fffd}A\n"),
        (r#"["\ud83d\u0041"]"#, "\u{fffd}A"),
    ] {
        let read = parse(text.as_bytes()).unwrap();
        assert_eq!(read, Value::Array(vec![wanted.into()]), "{text}");
    }
    let read = parse_object(br#"{"\ud83d":1}"#).unwrap();
    assert_eq!(read.get("\u{fffd}"), Some(&Value::from(1)));
    // Two keys that become one are refused as any two are.
    assert!(told(r#"{"\ud83d":1,"\ude00":2}"#).contains("twice"));
}

#[test]
fn a_key_that_is_there_twice_is_told() {
    let text = "{\"b\":{\n\"a\":1,\"c\":2,\"a\":null}}";
    assert_eq!(
        told(text),
        "the key \"a\" is in one object twice; send it once at line 2 column 21"
    );
    assert!(parse(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    for (text, wanted) in [
        (&b""[..], "EOF while parsing a value at line 1 column 1"),
        (b"{", "EOF while parsing an object at line 1 column 2"),
        (b"[1,\n2", "EOF while parsing a list at line 2 column 2"),
        (b"[1,]", "trailing comma"),
        (b"{\"a\":1,}", "trailing comma"),
        (b"{a:1}", "key must be a string"),
        (b"{\"a\" 1}", "expected `:`"),
        (b"[1 2]", "expected `,` or `]`"),
        (b"{\"a\":1 2}", "expected `,` or `}`"),
        (b"1 2", "trailing characters"),
        (b"[01]", "invalid number"),
        (b"[1.]", "invalid number"),
        (b"[.5]", "expected value"),
        (b"[+1]", "expected value"),
        (b"[-]", "invalid number"),
        (b"[1e]", "invalid number"),
        (b"[NaN]", "expected value"),
        (b"[nul]", "expected value"),
        (b"\"\\x\"", "invalid escape"),
        (b"\"\\u12g4\"", "invalid escape"),
        (b"\"\\u12", "invalid escape"),
        (b"\"a", "EOF while parsing a string"),
        (b"\"a\\", "EOF while parsing a string"),
        (b"\"\n\"", "control character"),
        (b"[\"a\xff\"]", "not UTF-8 at line 1 column 4"),
        (b"[\"\xed\xa0\x80\"]", "not UTF-8"),
    ] {
        assert!(told(text).contains(wanted), "{:?}: {}", text, told(text));
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(deep(128).as_bytes()).is_ok());
    assert!(told(deep(129)).contains("deeper than 128 levels"));
    assert!(parse_object(b"[]").is_err());
}

/// Random text that is JSON, or nearly so.
fn soup(random: &mut StdRng, depth: usize) -> String {
    let words = [
        "1",
        "-0",
        "0.5",
        "1e3",
        "true",
        "null",
        "\"a\"",
        "\"\\u00e9\\n\\\"\"",
        "\"é\"",
        "\"\"",
        "[]",
        "{}",
        "x",
        "01",
        "\"\\ud83d\\ude00\"",
        " 7 ",
    ];
    match random.random_range(0..if depth > 0 { 7 } else { 4 }) {
        0..4 => words[random.random_range(0..words.len())].to_owned(),
        4 => {
            let items: Vec<String> = (0..random.random_range(0..4))
                .map(|_| soup(random, depth - 1))
                .collect();
            format!("[{}]", items.join(","))
        }
        5 => {
            let members = (0..random.random_range(0..4))
                .map(|at| format!(" \"k{at}\" : {}", soup(random, depth - 1)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        _ => soup(random, depth - 1).replacen(
            [',', ']', '"', ':'],
            "",
            usize::from(random.random_ratio(1, 8)),
        ),
    }
}

#[test]
fn what_another_parser_reads_is_read_alike() {
    let mut random = StdRng::seed_from_u64(3);
    let mut read = 0;
    for _ in 0..20_000 {
        let text = soup(&mut random, 4);
        let theirs: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let ours = parse(text.as_bytes()).ok();
        assert_eq!(ours.is_some(), theirs.is_some(), "{text}");
        // A value that is written and parsed again stays the same.
        let again = ours.map(|ours| serde_json::from_str(&ours.to_string()).unwrap());
        read += usize::from(again.is_some());
        assert_eq!(again, theirs, "{text}");
    }
    assert!(read > 5000, "{read} of 20000 are JSON");
}
