//! Event types and fields that are retired: what is generated, remembered and planned, over several releases.
//!
//! `late/` holds what is generated and planned, to the letter. `UPDATE_EXPECT=1` rewrites it; look at the difference
//! before committing it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use event_grpc_codegen::review::page;
use event_grpc_codegen::{Failure, generate, review};

const NOW: u64 = 1_795_468_500;

const PROTO: &str = "proto/shop.proto";
const YAML: &str = "pipeline.yaml";
const LOCK: &str = "migrations/schema.lock";

const VIEWED: &str = "  oneof kind {\n    Viewed viewed = 3;\n";
const WITHOUT_VIEWED: &str = "  reserved 3;\n  reserved \"viewed\";\n  oneof kind {\n";

const ENTRIES: &str = "retired:\n\
    \x20 - { event: Viewed, since: 2026-11-27, why: the pages are gone, late: discard }\n\
    \x20 - { event: Bought, since: 2026-11-27, why: the shop is closed }\n\
    \x20 - { field: Order.note, since: 2026-11-27, why: nobody writes notes, late: discard }\n\
    \x20 - { field: Header.userId, since: 2026-11-27, why: nobody is known }\n\
    \x20 - { column: order.note, since: 2026-11-27, why: nobody writes notes }\n\
    \x20 - { column: event.user_id, since: 2026-11-27, why: nobody is known }\n\
    \x20 - { table: sold, since: 2026-11-27, why: the shop is closed }\n\
    \x20 - { queue: clickhouse_sold_q, since: 2026-11-27, why: the shop is closed }\n\
    requests:\n";

const SOLD: &str = "  sold:\n    events: [Bought]\n    engine: ReplacingMergeTree(stored_at)\n    order_by: [sent_at, id]\n    \
    queue: { dead_letter: error.dx }\n    columns:\n      id: event.id\n      sent_at: event.timestamp | epoch_millis\n      \
    stored_at: $now\n      \"*\": payload\n    ignore: [header]\n";

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The shop of `words/contracts`, generated, with another event type.
struct Shop(tempfile::TempDir);

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("proto")).unwrap();
        let shop = tests().join("words/contracts");
        for (from, to) in [("shop.proto", PROTO), ("pipeline.yaml", YAML)] {
            fs::copy(shop.join(from), folder.path().join(to)).unwrap();
        }
        let shop = Shop(folder);
        shop.edit(
            PROTO,
            "    Bought bought = 4;\n",
            "    Bought bought = 4;\n    Sent sent = 5;\n",
        );
        shop.edit(
            PROTO,
            "message Viewed {",
            "message Sent {\n  string parcel = 1;\n}\n\nmessage Viewed {",
        );
        shop.release();
        shop
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.path().join(file)).unwrap()
    }

    fn edit(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert!(text.contains(old), "no {old:?} in {file}");
        fs::write(self.0.path().join(file), text.replacen(old, new, 1)).unwrap();
    }

    /// Generates and writes; what is written is released from then on.
    fn release(&self) {
        match generate(self.0.path(), NOW) {
            Ok(tree) => tree.write(self.0.path()).unwrap(),
            Err(Failure::Mistakes(found, _)) => panic!("{found:#?}"),
            Err(failure) => panic!("{failure}"),
        };
    }

    /// Codes and messages of what is refused.
    fn refused(&self) -> Vec<String> {
        match generate(self.0.path(), NOW) {
            Ok(_) => Vec::new(),
            Err(Failure::Mistakes(found, _)) => found
                .iter()
                .map(|one| format!("{} {}", one.code, one.message))
                .collect(),
            Err(failure) => panic!("{failure}"),
        }
    }

    fn plan(&self) -> String {
        page::text(&review(self.0.path()).unwrap())
    }

    fn remembered(&self) -> String {
        let lock = self.read(LOCK);
        let lines = lock.lines().filter(|line| line.starts_with("retired "));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// Retires everything of `ENTRIES`.
    fn retire(&self) {
        self.edit(
            PROTO,
            "  oneof kind {\n    Viewed viewed = 3;\n    Bought bought = 4;\n",
            "  reserved 3, 4;\n  reserved \"viewed\", \"bought\";\n  oneof kind {\n",
        );
        self.edit(PROTO, "message Viewed {\n  string page = 1;\n}\n", "");
        self.edit(
            PROTO,
            "  optional string note = 3;",
            "  reserved 3;\n  reserved \"note\";",
        );
        self.edit(
            PROTO,
            "  int64 userId = 2;",
            "  reserved 2;\n  reserved \"userId\";",
        );
        self.edit(YAML, SOLD, "");
        self.edit(YAML, "requests:\n", ENTRIES);
    }
}

fn compare(name: &str, text: &str) {
    let path = tests().join("late").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}");
}

#[test]
fn what_is_retired_is_planned_generated_and_remembered() {
    let shop = Shop::new();
    shop.retire();
    compare("plan.txt", &shop.plan());
    shop.release();
    compare("retired.txt", &shop.read("generated/topology/retired.rs"));
    compare("order.txt", &shop.read("generated/shapes/shop/order.rs"));
    compare("lock.txt", &shop.remembered());
    // Nothing changes in the next release, whose base has neither the fields nor the messages.
    let before = shop.read(LOCK);
    shop.release();
    assert_eq!(shop.read(LOCK), before);
    assert!(!shop.plan().contains("is retired"), "{}", shop.plan());
}

#[test]
fn what_becomes_of_late_events_can_change_later() {
    let shop = Shop::new();
    shop.retire();
    shop.release();
    shop.edit(
        YAML,
        "the shop is closed }\n  - { field: Order",
        "the shop is closed, late: discard }\n  - { field: Order",
    );
    shop.edit(
        YAML,
        "nobody writes notes, late: discard }",
        "nobody writes notes, late: keep }",
    );
    let plan = shop.plan();
    for told in [
        "event type `Bought`, retired before, is discarded where it is still sent",
        "field `shop.Order.note`, retired before, is kept where it is still sent",
    ] {
        assert!(plan.contains(told), "{plan}");
    }
    shop.release();
    let retired = shop.read("generated/topology/retired.rs");
    let names = "event_names: &[(\"bought\", 4), (\"viewed\", 3)]";
    assert!(retired.contains(names), "{retired}");
    let order = shop.read("generated/shapes/shop/order.rs");
    assert!(order.contains("retired: &[],"), "{order}");
}

#[test]
fn an_entry_stays_and_what_it_names_stays_reserved() {
    let shop = Shop::new();
    shop.retire();
    shop.release();
    let entry =
        "  - { event: Viewed, since: 2026-11-27, why: the pages are gone, late: discard }\n";
    shop.edit(YAML, entry, "");
    assert_eq!(
        shop.refused(),
        ["EG119 event type `Viewed` is in `retired` no more"]
    );
    shop.edit(YAML, "retired:\n", &format!("retired:\n{entry}"));
    assert_eq!(shop.refused(), Vec::<String>::new());
    shop.edit(PROTO, "reserved 3, 4;", "reserved 4;");
    assert_eq!(
        shop.refused(),
        ["EG115 `reserved 3` of `shop.Event` is gone"]
    );
    shop.edit(PROTO, "reserved 4;", "reserved 3, 4;");
    shop.edit(
        PROTO,
        "  oneof kind {\n",
        "  oneof kind {\n    Viewed visited = 6;\n",
    );
    shop.edit(
        PROTO,
        "message Bought {",
        "message Viewed {\n  string page = 1;\n}\n\nmessage Bought {",
    );
    assert_eq!(
        shop.refused(),
        ["EG119 event type `Viewed` is retired and declared as well"]
    );
}

#[test]
fn an_event_type_may_come_back_as_what_it_was() {
    let shop = Shop::new();
    shop.edit(PROTO, VIEWED, WITHOUT_VIEWED);
    let entry = "retired: [{ event: Viewed, since: 2026-11-27, why: the pages are gone, late: discard }]\nrequests:\n";
    shop.edit(YAML, "requests:\n", entry);
    shop.release();
    assert_eq!(
        shop.remembered(),
        "retired event Viewed shop.Event 3 viewed viewed discard\n"
    );
    shop.edit(PROTO, WITHOUT_VIEWED, VIEWED);
    shop.edit(YAML, entry, "requests:\n");
    let refused = shop.refused();
    // That the number is given again is to be accepted, since it is the same event type.
    assert!(!refused.is_empty());
    assert!(
        refused.iter().all(|one| one.starts_with("EG115 ")),
        "{refused:?}"
    );
    let other = VIEWED.replace("viewed = 3", "seen = 3");
    shop.edit(PROTO, VIEWED, &other);
    let refused = shop.refused();
    assert!(
        refused.contains(&"EG119 event type `Viewed` is in `retired` no more".to_owned()),
        "{refused:?}"
    );
}
