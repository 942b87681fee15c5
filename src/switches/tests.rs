//! Switches over events of the pipeline: what is refused, who is kept, and what a wrong file does.

#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;
use crate::contract::Intake;
use crate::events::{Verdict, scan};
use crate::generated::PIPELINE;

const FILE: &str = "switches:
  wishlist:
    types: [WishlistEvent]
    versions: '>=3.1, <3.2'
    reason: APP-7
  half:
    clients: [shop-web]
    keep: 50%
  partner:
    sources: shopify
";

fn app() -> (&'static str, &'static Envelope) {
    let mut sources = PIPELINE.sources.iter();
    let found = sources.find_map(|source| match &source.intake {
        Intake::Grpc { envelope, .. } => Some((source.name, *envelope)),
        Intake::Post { .. } => None,
    });
    found.unwrap()
}

/// A type that the pipeline has, in place of the one in [`FILE`].
fn file() -> (String, &'static crate::contract::EventType) {
    let kind = &app().1.types[0];
    (FILE.replace("WishlistEvent", kind.name), kind)
}

fn started(text: &str, folder: &tempfile::TempDir) -> Arc<Switches> {
    let path = folder.path().join("switches.yaml");
    fs::write(&path, text).unwrap();
    Switches::start(Some(path), &PIPELINE).unwrap()
}

/// A header of this user and version.
fn header(user: u8, version: &str) -> Vec<u8> {
    let mut header = vec![
        7 << 3,
        user,
        15 << 3 | 2,
        u8::try_from(version.len()).unwrap(),
    ];
    header.extend_from_slice(version.as_bytes());
    header
}

/// The switch that refuses an event of this type, if one does.
fn refused(switches: &Switches, header: &[u8], client: &str, number: u32) -> Option<String> {
    let (source, envelope) = app();
    let mut event = Vec::new();
    prost::encoding::encode_key(
        number,
        prost::encoding::WireType::LengthDelimited,
        &mut event,
    );
    event.push(0);
    let mut request = vec![(envelope.events << 3 | 2) as u8, event.len() as u8];
    request.extend_from_slice(&event);
    let mut events = scan(&request, envelope).unwrap().events;
    switches.apply(source, envelope, (header, client), &mut events);
    match &events[0].verdict {
        Verdict::SwitchedOff(name) => Some(name.to_string()),
        _ => None,
    }
}

#[test]
fn a_switch_refuses_what_all_of_its_conditions_name() {
    let folder = tempfile::tempdir().unwrap();
    let (text, kind) = file();
    let switches = started(&text, &folder);
    let other = &app().1.types[1];
    let of = |version: &str, number| refused(&switches, &header(7, version), "", number);
    assert_eq!(of("3.1.4", kind.number).as_deref(), Some("wishlist"));
    for (version, number) in [
        ("3.2", kind.number),
        ("", kind.number),
        ("3.1.4", other.number),
    ] {
        assert_eq!(of(version, number), None, "{version} {number}");
    }
    assert_eq!(
        switches.of_message("shopify", "").as_deref(),
        Some("partner")
    );
    assert_eq!(switches.of_message("graphy", ""), None);
    let report = switches.report();
    assert_eq!(report["in_force"]["wishlist"]["refused"], 1);
    assert_eq!(report["in_force"]["wishlist"]["reason"], "APP-7");
    assert!(report["in_force"]["partner"]["since"].is_string());
}

#[test]
fn a_user_is_wholly_in_or_out() {
    let folder = tempfile::tempdir().unwrap();
    let switches = started(&file().0, &folder);
    let types = app().1.types;
    let mut out = 0;
    for user in 1..=100 {
        let of = |number| refused(&switches, &header(user, "1"), "shop-web", number).is_some();
        let first = of(types[1].number);
        assert!(
            types[1..6].iter().all(|kind| of(kind.number) == first),
            "user {user}"
        );
        // One that no build knows as well.
        assert_eq!(of(9_999), first);
        out += usize::from(first);
        assert!(refused(&switches, &header(user, "1"), "other", types[1].number).is_none());
    }
    assert!((25..=75).contains(&out), "{out} of 100 users");
}

#[test]
fn a_wrong_file_leaves_the_one_before_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let (text, kind) = file();
    let switches = started(&text, &folder);
    let path = folder.path().join("switches.yaml");
    let is_off = || refused(&switches, &header(7, "3.1"), "", kind.number).is_some();
    fs::write(&path, "switches: { wishlist: { type: [a] } }").unwrap();
    switches.look();
    assert!(is_off());
    let bad = switches.report()["bad"].as_str().unwrap().to_owned();
    assert!(
        bad.contains("line 1: switch `wishlist` has no field `type`"),
        "{bad}"
    );
    fs::remove_file(&path).unwrap();
    switches.look();
    assert!(is_off());
    // Emptied by a mistake, or half written.
    fs::write(&path, "").unwrap();
    switches.look();
    assert!(is_off());
    fs::write(&path, "switches: {}").unwrap();
    switches.look();
    assert!(!is_off());
    assert_eq!(switches.report(), json!({ "in_force": {} }));
}

#[test]
fn what_stays_keeps_when_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let (text, kind) = file();
    let switches = started(&text, &folder);
    refused(&switches, &header(7, "3.1"), "", kind.number).unwrap();
    let path = folder.path().join("switches.yaml");
    let before = switches.report()["in_force"]["wishlist"].clone();
    fs::write(&path, text.replace("keep: 50%", "keep: 5%")).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(later).unwrap();
    switches.look();
    assert_eq!(switches.report()["in_force"]["wishlist"], before);
    let words = switches.report()["in_force"]["half"]["does"].clone();
    assert_eq!(words, "clients shop-web: 5% of users kept");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    for (text, told) in [
        (
            "switch: {}",
            "1: the file has no field `switch` (did you mean `switches`?)",
        ),
        ("switches:\n  a: {}", "2: switch `a` applies to everything"),
        (
            "switches:\n  a b: { types: [x] }",
            "2: `a b` is no name of a switch",
        ),
        (
            "switches:\n  a:\n    keep: 100%\n",
            "3: `keep` is a percentage below 100",
        ),
        (
            "switches:\n  a:\n    keep: 0.001%\n",
            "3: `keep` is a percentage",
        ),
        (
            "switches:\n  a:\n    keep: 10\n",
            "3: `keep` is a percentage",
        ),
        (
            "switches:\n  a:\n    versions: 3.x\n",
            "3: `3.x` is no bound of versions",
        ),
        (
            "switches:\n  a:\n    types: { b: c }\n",
            "3: `types` is a list of names",
        ),
        (
            "switches:\n  a: { sources: [app] }\n  a: { sources: [app] }\n",
            "3: `a` is there twice",
        ),
        ("", "1: it says nothing; `switches: {}`"),
        ("\n# switches: {}\n", "1: it says nothing"),
        ("user: [uid]", "1: no header has a field `uid`"),
        (
            "version: appVersoin\nswitches: { a: { versions: 1 } }",
            "(did you mean `appVersion`?)",
        ),
    ] {
        let wrong = check(text, &PIPELINE).unwrap_err();
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert!(wrong.join("; ").contains(told), "{text:?}: {wrong:?}");
    }
    let two = "switches:\n  a: {}\n  b: { keep: x }\n";
    assert_eq!(check(two, &PIPELINE).unwrap_err().len(), 2);
    let odd = "switches:\n  a:\n    types: [Nope]\n    sources: [ap, shopify]\n";
    let odd = check(odd, &PIPELINE).unwrap().odd;
    assert_eq!(
        odd.iter().map(|one| one.line).collect::<Vec<_>>(),
        [3, 4, 4]
    );
    assert!(
        check("switches: {}", &PIPELINE)
            .unwrap()
            .switches
            .is_empty()
    );
    // A server that started with an empty file would take in what is switched off.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switches.yaml");
    fs::write(&path, "").unwrap();
    assert!(Switches::start(Some(path), &PIPELINE).is_err());
}
