//! Texts in which something is broken: no panic, no good event lost beside a bad one, and no text that takes long.

use std::time::{Duration, Instant};

use event_grpc::proto_json::{Found, ProtoJson};
use event_grpc::unknown::UNKNOWN_MEMBERS;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::spelled::Spelling;
use super::{MOST, Sample, pipelines, seed};
use crate::kinds::small::envelope::ENVELOPE;

const GOOD: &str = r#"{"id":"good","addToCart":{"productId":7}}"#;

/// Puts a bad event between two good ones, which have to be as they are alone.
fn between(reader: &ProtoJson, bad: &[u8]) -> bool {
    let head = format!(r#"{{"header":{{}},"events":[{GOOD},"#);
    let tail = format!(",{GOOD}]}}");
    let text = [head.as_bytes(), bad, tail.as_bytes()].concat();
    let Ok(request) = reader.read(&text, MOST) else {
        return false;
    };
    let places = [request.events.first(), request.events.last()].map(|event| match event {
        Some(event) => match &event.found {
            Found::Known(9, place) => (event.text, request.wire[place.clone()].to_vec()),
            other => panic!("{other:?}"),
        },
        None => panic!("there are none"),
    });
    assert_eq!(places[0], places[1]);
    assert_eq!(places[0].0, GOOD.as_bytes());
    true
}

#[test]
fn damage_stays_within_its_event() {
    let mut random = StdRng::seed_from_u64(seed());
    let reader = ProtoJson::new(&ENVELOPE);
    let (pool, _) = &pipelines()[1];
    let (mut read, mut json) = (0, 0);
    for _ in 0..4000 {
        let number = if random.random() { 9 } else { 10 };
        let sample = Sample::new(pool, &ENVELOPE, &[number], &mut random);
        let mut spelling = Spelling {
            random: &mut random,
            lenient: true,
            strange: true,
            unknown: Vec::new(),
        };
        let mut event = spelling.message(&sample.events[0], "/event").into_bytes();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..event.len());
            let signs = b"{}[]\",:\\ntfeE.-0 9\x00\x01\x80\xc3u";
            let sign = signs[random.random_range(0..signs.len())];
            match random.random_range(0..3) {
                0 => event[at] = sign,
                1 => event.insert(at, sign),
                _ => drop(event.remove(at)),
            }
        }
        let is_read = between(&reader, &event);
        read += usize::from(is_read);
        // Valid JSON is never refused for more than itself.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&event).is_ok() {
            json += 1;
            assert!(is_read, "{}", String::from_utf8_lossy(&event));
        }
    }
    assert!(json > 100 && read > json, "{read} {json}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn noise_harms_nobody(noise in "[{}\\[\\]\",:a-e0-9.\\\\\n -]{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let reader = ProtoJson::new(&ENVELOPE);
        between(&reader, noise.as_bytes());
        between(&reader, &bytes);
        drop(reader.read(&bytes, MOST));
        drop(reader.read(noise.as_bytes(), MOST));
        reader.id(&bytes);
        reader.timestamp(noise.as_bytes());
    }
}

#[test]
fn no_text_takes_long_or_much() {
    const MIB: usize = 1 << 20;
    let everything = |inner: String| format!(r#"{{"everything":{inner}}}"#);
    let long = "k".repeat(60_000);
    let unknown = |key: &str| {
        let members: Vec<String> = (0..100_000)
            .map(|at| format!(r#""u{at}":{}"#, at % 10))
            .collect();
        everything(format!(
            r#"{{"products":{{"{key}":{{{}}}}}}}"#,
            members.join(",")
        ))
    };
    let levels = 30;
    for bad in [
        "[".repeat(2 * MIB) + &"]".repeat(2 * MIB),
        r#"{"a":"#.repeat(MIB) + "1" + &"}".repeat(MIB),
        everything(format!(
            r#"{{"free":{}"{}"{}}}"#,
            r#"{"a":"#.repeat(levels),
            "x".repeat(2 * MIB),
            "}".repeat(levels)
        )),
        everything(format!(r#"{{"numbers":[{}1]}}"#, "-1,".repeat(MIB))),
        everything(format!(r#"{{"free":{{"a":[{}1]}}}}"#, "0,".repeat(MIB))),
        everything(format!(
            r#"{{"colors":[{}1]}}"#,
            "\"COLOR_RED\",".repeat(MIB / 6)
        )),
        everything(format!(r#"{{"small":1e{}}}"#, "9".repeat(MIB))),
        everything(format!(r#"{{"big":{}}}"#, "9".repeat(MIB))),
        everything(format!(r#"{{"big":0.{}1e{}}}"#, "0".repeat(MIB), MIB + 1)),
        unknown(&long),
        unknown(&format!("{long}\\u0041")),
        everything(format!("{{{}}}", vec![r#""nope":1"#; MIB / 8].join(","))),
    ] {
        let began = Instant::now();
        let reader = ProtoJson::new(&ENVELOPE);
        assert!(between(&reader, bad.as_bytes()), "{}", &bad[..100]);
        let text = format!(r#"{{"header":{{}},"events":[{bad}]}}"#);
        let request = reader.read(text.as_bytes(), MOST).unwrap();
        assert!(
            request.wire.capacity() <= 12 * text.len(),
            "{} {}",
            request.wire.capacity(),
            &bad[..100]
        );
        let told: usize = request.warnings.listed.iter().map(String::len).sum();
        assert!(told < 20_000, "{told}");
        let took = began.elapsed();
        assert!(
            took < Duration::from_secs(10),
            "{took:?} for {}",
            &bad[..100]
        );
    }
}

#[test]
fn unknown_members_beyond_the_limit_are_cut_and_counted() {
    let reader = ProtoJson::new(&ENVELOPE);
    let large = "x".repeat(70_000);
    let text = format!(
        r#"{{"header":{{}},"events":[{{"addToCart":{{"a":1,"large":"{large}"}},"b":"\ud83d"}}]}}"#
    );
    let request = reader.read(text.as_bytes(), MOST).unwrap();
    assert_eq!(request.warnings.count, 3);
    let Found::Known(_, place) = &request.events[0].found else {
        panic!("{:?}", request.events)
    };
    let object = r#"{"/event/addToCart/a":1,"/event/b":"\ufffd","…cut":1}"#;
    let body = &request.wire[place.clone()];
    assert!(
        body.ends_with(object.as_bytes()),
        "{}",
        String::from_utf8_lossy(body)
    );
    let mut key = Vec::new();
    prost::encoding::encode_key(
        UNKNOWN_MEMBERS,
        prost::encoding::WireType::LengthDelimited,
        &mut key,
    );
    assert!(body.windows(key.len()).any(|window| window == key));
}
