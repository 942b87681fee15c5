//! The walk that users make, as the README shows it: an event type is added to a copy of this project, arrives in
//! `event`, and gets a typed table of its own. The build that has it takes the place of this one without a failed request.

mod clients;
mod project;
pub(crate) mod readme;
mod rolling;
mod server;

use std::fs;
use std::path::Path;

use project::{Files, Project, succeeded, text};
use readme::Walk;
use server::Server;

const MESSAGES: &str = "proto/event/product.proto";
const ENVELOPE: &str = "proto/event/envelope.proto";

/// Request for the server with the new type, and its row in `event`.
const FIRST: &str = r#"{"header": {"userId": "7"}, "events": [{"id": "w-1", "timestamp": "1760000000123",
    "wishlistAddedEvent": {"productId": "42", "listName": "birthday", "isGift": true}}]}"#;
const FIRST_ROW: &str = "WishlistAddedEvent\tw-1\t1760000000123\t7\tbirthday\t42\ttrue\n";

/// Request for the server with the typed table: one event of the type, with a default value, and one of another.
const SECOND: &str = r#"{"header": {"userId": "8"}, "events": [
    {"id": "w-2", "timestamp": "1760000000456", "wishlistAddedEvent": {"productId": "-1", "listName": "für später"}},
    {"id": "x-3", "timestamp": "1760000000789", "addToCartEvent": {"productId": "42"}}]}"#;
const SECOND_ROW: &str = "WishlistAddedEvent\tw-2\t1760000000456\t8\tfür später\t-1\t\\N\n";

/// Rows in `event` of the new type, with their parameters.
const IN_EVENT: &str = "SELECT event_name, event_id, toUnixTimestamp64Milli(event_timestamp), user_id, \
     event_params.listName, event_params.productId, event_params.isGift \
     FROM event FINAL WHERE event_name = 'WishlistAddedEvent' ORDER BY event_id";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_type_is_added_as_the_readme_says_and_rolled_out() {
    let project = Project::copy();
    let walk = readme::walk(&project.path(""));

    declare_the_type(&project, &walk);
    nothing_else_is_left_to_generate(&project);
    let server = Server::start(&project.server(), &project.data());
    server.dispatch(FIRST).await;
    assert_eq!(server.rows(IN_EVENT).await, FIRST_ROW);
    server.stop();
    project.commit();

    declare_the_table(&project, &walk);
    nothing_else_is_left_to_generate(&project);
    project.commit();
    let server = Server::start(&project.server(), &project.data());
    server.dispatch(SECOND).await;
    let typed = "SELECT event_name, event_id, toUnixTimestamp64Milli(sent_timestamp), \
         toUnixTimestamp64Milli(event_timestamp), user_id, product_id, list_name, is_gift, \
         abs(dateDiff('second', insert_timestamp, now64())) < 600 FROM wishlist";
    assert_eq!(
        server.rows(typed).await,
        "WishlistAddedEvent\tw-2\t1760000000456\t1760000000456\t8\t-1\tfür später\tfalse\t1\n"
    );
    assert_eq!(
        server.rows(IN_EVENT).await,
        format!("{FIRST_ROW}{SECOND_ROW}")
    );
    let everywhere = "SELECT (SELECT count() FROM event FINAL), (SELECT count() FROM error_event)";
    assert_eq!(server.rows(everywhere).await, "3\t0\n");
    let names = clients::send_with_each(&project, server.http());
    let rows = names
        .iter()
        .map(|name| format!("{name}\t9\t42\tbirthday\ttrue\n"));
    let from_each = "SELECT event_id, user_id, product_id, list_name, is_gift FROM wishlist FINAL \
         WHERE user_id = 9 ORDER BY event_id";
    assert_eq!(server.rows(from_each).await, rows.collect::<String>());
    server.stop();

    mistakes_are_refused(&project, &walk);

    let old = Path::new(env!("CARGO_BIN_EXE_event-grpc"));
    let new = project.built();
    rolling::restart(old, &new, number(&walk.variant)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_load_balancer_follows_the_heartbeat_that_operators_set() {
    rolling::follows_the_heartbeat(Path::new(env!("CARGO_BIN_EXE_event-grpc"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rolling_script_replaces_instances_without_a_failed_request_and_puts_back_what_went_wrong()
 {
    rolling::script::replaces_both(Path::new(env!("CARGO_BIN_EXE_event-grpc"))).await;
}

/// Adds message and variant. Only the event type changes, so there is nothing to migrate.
fn declare_the_type(project: &Project, walk: &Walk) {
    project.edit(MESSAGES, |file| format!("{file}\n{}", walk.message));
    project.edit(ENVELOPE, |file| with_variant(file, &walk.variant));

    let stale = project.cargo(&["xtask", "codegen", "--check"]);
    let errors = String::from_utf8_lossy(&stale.stderr).into_owned();
    assert!(!stale.status.success());
    assert!(errors.contains("stale"), "{errors}");
    let shown = text(stale);
    assert!(shown.contains("\n+## WishlistAddedEvent\n"), "{shown}");

    let before = project.files("migrations/clickhouse");
    succeeded(project.cargo(&["xtask", "codegen"]));
    assert_eq!(project.files("migrations/clickhouse"), before);
    let page = project.read("generated/catalogue/events/product.md");
    assert!(page.contains("## WishlistAddedEvent\n\nThe client put a product on the wish list.\n"));
    for change in project.changes() {
        let expected = [
            "clients/",
            "generated/",
            "migrations/schema.lock",
            "migrations/schemas.txt",
            MESSAGES,
            ENVELOPE,
        ];
        assert!(
            expected.iter().any(|e| change[3..].starts_with(e)),
            "{change}"
        );
    }
}

/// The number of a variant.
fn number(line: &str) -> u32 {
    let number = line
        .rsplit_once("= ")
        .map(|(_, n)| n.trim().trim_end_matches(';'));
    number
        .and_then(|n| n.parse().ok())
        .unwrap_or_else(|| panic!("no variant: {line:?}"))
}

/// The oneof with one more variant, which must have the next number.
fn with_variant(envelope: &str, variant: &str) -> String {
    let (variants, rest) = envelope
        .rsplit_once("\n  }\n}")
        .expect("the oneof ends the envelope's file");
    let last = variants.lines().next_back().unwrap_or_default();
    assert_eq!(
        number(variant),
        number(last) + 1,
        "the README doesn't give the next number"
    );
    format!("{variants}\n{}\n  }}\n}}{rest}", variant.trim_end())
}

/// Adds the table: one migration, which does nothing but create it.
fn declare_the_table(project: &Project, walk: &Walk) {
    project.edit("pipeline.yaml", |file| format!("{file}\n{}", walk.table));
    let before = project.files("migrations/clickhouse");
    succeeded(project.cargo(&["xtask", "codegen"]));

    let after = project.files("migrations/clickhouse");
    let (old, new): (Files, Files) = after
        .into_iter()
        .partition(|(name, _)| before.contains_key(name));
    assert_eq!(old, before, "what is committed is never edited");
    assert_eq!(new.len(), 1, "{:?}", new.keys());
    let (name, sql) = new.into_iter().next().unwrap();
    assert!(
        name.to_string_lossy().ends_with("_create_wishlist.sql"),
        "{name:?}"
    );
    let sql = String::from_utf8(sql).unwrap();
    let statements: Vec<&str> = sql.split(";\n").filter(|s| !s.trim().is_empty()).collect();
    let [statement] = statements[..] else {
        panic!("it does more than one thing:\n{sql}");
    };
    let statement = statement
        .lines()
        .find(|line| !line.is_empty() && !line.starts_with("--"));
    assert_eq!(
        statement,
        Some("CREATE TABLE IF NOT EXISTS `wishlist`"),
        "{sql}"
    );
    let page = project.read("generated/catalogue/tables/wishlist.md");
    for part in [
        "Rows are made from [WishlistAddedEvent](../events/product.md#wishlistaddedevent).",
        "filled by `clickhouse_wishlist_q`.",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// A second run changes nothing, and what is generated follows from the declarations alone.
fn nothing_else_is_left_to_generate(project: &Project) {
    let both = || (project.files("generated"), project.files("migrations"));
    let before = both();
    assert_eq!(text(succeeded(project.codegen(&["--check"]))), "");
    assert_eq!(text(succeeded(project.codegen(&[]))), "");
    assert!(both() == before, "a second run changes something");
    fs::remove_dir_all(project.path("generated")).unwrap();
    succeeded(project.codegen(&[]));
    assert!(both() == before, "generated/ comes back different");
}

/// Changes that would lose data are refused, with advice; so are mistakes, as the README shows.
fn mistakes_are_refused(project: &Project, walk: &Walk) {
    project.edit(MESSAGES, |file| file.replace("  bool isGift = 3;\n", ""));
    let said = refused(project, MESSAGES);
    assert!(said.contains("EG101"), "{said}");
    assert!(said.contains("`isGift`, is gone"), "{said}");
    assert!(said.contains("help: put back `bool isGift = 3;`"), "{said}");

    let in_table = |from: &str, to: &str| {
        let changed = walk.table.replacen(from, to, 1);
        assert_ne!(changed, walk.table, "the README's table has no `{from}`");
        project.edit("pipeline.yaml", |file| file.replace(&walk.table, &changed));
    };
    in_table("user_id:", "customer_id:");
    let said = refused(project, "pipeline.yaml");
    assert!(said.contains("EG103"), "{said}");
    assert!(
        said.contains("column `user_id` of table `wishlist` is gone"),
        "{said}"
    );
    assert!(
        said.contains("help: put it back under its old name"),
        "{said}"
    );

    in_table(
        "user_id: header.userId\n",
        "user_id: { from: header.userId, type: String }\n",
    );
    let said = refused(project, "pipeline.yaml");
    assert!(
        in_any_line(&said).contains(&in_any_line(&walk.complaint)),
        "the README shows\n{}\nand this is what is said:\n{said}",
        walk.complaint
    );
}

/// Output of the generator for a mistake in this file. It writes nothing then; the mistake is taken back.
fn refused(project: &Project, file: &str) -> String {
    let output = project.codegen(&[]);
    assert!(!output.status.success());
    assert_eq!(text(output.clone()), "");
    assert_eq!(project.changes(), [format!(" M {file}")]);
    project.restore();
    String::from_utf8(output.stderr).unwrap()
}

/// A complaint without line numbers, so that the README's stays right while pipeline.yaml grows.
fn in_any_line(complaint: &str) -> String {
    let lines = complaint.lines().map(|line| {
        let line = line.trim_end();
        let number = |c: char| c.is_ascii_digit() || c == ':';
        match line.split_once("pipeline.yaml:") {
            Some((before, after)) => format!("{before}{}", after.trim_start_matches(number)),
            None => line
                .trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit())
                .to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
