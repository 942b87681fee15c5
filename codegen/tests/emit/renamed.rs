//! Other names for columns, tables and queues: migrations, the lock, and what the server is told.
//!
//! After a change that is meant: UPDATE_GOLDEN=1 cargo test -p event-grpc-codegen --test emit

use std::fs;
use std::path::Path;

use event_grpc_codegen::base::tree::Tree;
use event_grpc_codegen::generate;

use crate::project::{HOUR, NOW, Project};
use crate::walk::{PIPELINE, declared, edit, mistakes, write};

const STORE: &str = "      store_url: body.storeUrl | low_cardinality";
const SHOP: &str =
    "      shop_url: { from: body.storeUrl | low_cardinality, renamed_from: store_url }";

fn text(tree: &Tree, path: &str) -> String {
    String::from_utf8(tree.get(path).unwrap().to_vec()).unwrap()
}

/// A file without white space and commas at ends of lines.
fn bare(tree: &Tree, path: &str) -> String {
    let text: String = text(tree, path).split_whitespace().collect();
    text.replace(",}", "}").replace(",]", "]")
}

/// The statements of the last migration of a folder.
fn last(project: &Project, folder: &str) -> (String, String) {
    let name = project.names_of(folder).pop().unwrap();
    let path = format!("{folder}/{name}");
    let sql = project.sql(path.trim_start_matches('/'));
    (name, sql)
}

#[test]
fn a_column_is_renamed_once_and_found_under_both_names() {
    let project = declared();
    edit(&project, PIPELINE, STORE, SHOP);
    write(&project, NOW + HOUR);
    let (name, sql) = last(&project, "");
    assert_eq!(name, "20261123T221500_rename_shopify_event.sql");
    let statement = "\nALTER TABLE `shopify_event` RENAME COLUMN `store_url` TO `shop_url`, ADD COLUMN `store_url` \
                     LowCardinality(String) ALIAS `shop_url` COMMENT 'Former name of shop_url';\n";
    assert!(sql.contains(statement), "{sql}");
    assert!(
        sql.contains("-- if: SELECT count() = 0 FROM system.columns"),
        "{sql}"
    );
    let fact = "renamed column shopify_event store_url shop_url\n";
    assert!(project.lock().contains(fact));
    assert!(
        project
            .lock()
            .contains("expression shopify_event shop_url body.storeUrl | low_cardinality\n")
    );
    project.commit();

    // After that it does nothing, and can go.
    write(&project, NOW + 2 * HOUR);
    edit(
        &project,
        PIPELINE,
        SHOP,
        &SHOP.replace(", renamed_from: store_url", ""),
    );
    write(&project, NOW + 3 * HOUR);
    assert_eq!(last(&project, "").0, name);
    assert!(project.lock().contains(fact));

    // The former name can be taken away, and is something else's only after that.
    edit(
        &project,
        PIPELINE,
        "      data: body.eventData | json\n\n",
        "      data: body.eventData | json\n      store_url: body.storeUrl\n\n",
    );
    assert!(mistakes(&project).contains("EG121"));
    edit(&project, PIPELINE, "      store_url: body.storeUrl\n", "");
    let retired = "\nretired:\n  - { column: shopify_event.store_url, since: 2026-11-27, why: no query has it }\n\n# Defaults";
    edit(&project, PIPELINE, "\n# Defaults", retired);
    write(&project, NOW + 4 * HOUR);
    let (name, sql) = last(&project, "");
    assert_eq!(name, "20261124T011500_alter_shopify_event.sql");
    assert!(sql.contains("AND default_kind = 'ALIAS'\nALTER TABLE `shopify_event` DROP COLUMN IF EXISTS `store_url`;\n"), "{sql}");
    assert!(!project.lock().contains(fact));
    assert!(
        project
            .lock()
            .contains("retired column shopify_event store_url former name of shop_url\n")
    );
    project.commit();
    write(&project, NOW + 5 * HOUR);
    assert_eq!(last(&project, "").0, name);
}

#[test]
fn a_name_is_taken_back_and_a_third_one_replaces_both() {
    let project = declared();
    edit(&project, PIPELINE, STORE, SHOP);
    write(&project, NOW + HOUR);
    project.commit();
    let third = "      address: { from: body.storeUrl | low_cardinality, renamed_from: shop_url }";
    edit(&project, PIPELINE, SHOP, third);
    write(&project, NOW + 2 * HOUR);
    for fact in ["store_url address\n", "shop_url address\n"] {
        assert!(
            project
                .lock()
                .contains(&format!("renamed column shopify_event {fact}"))
        );
    }
    edit(
        &project,
        PIPELINE,
        third,
        &STORE.replace(
            "body.storeUrl | low_cardinality",
            "{ from: body.storeUrl | low_cardinality, renamed_from: shop_url }",
        ),
    );
    write(&project, NOW + 3 * HOUR);
    assert!(
        project
            .lock()
            .contains("renamed column shopify_event shop_url store_url\n")
    );
    assert!(
        !project
            .lock()
            .contains("renamed column shopify_event store_url")
    );
    let (_, sql) = last(&project, "");
    let gone = "AND name = 'store_url' AND default_kind = 'ALIAS'\nALTER TABLE `shopify_event` DROP COLUMN IF EXISTS `store_url`;\n";
    assert!(
        sql.find(gone).unwrap() < sql.find("RENAME COLUMN `shop_url` TO `store_url`").unwrap(),
        "{sql}"
    );
}

#[test]
fn what_only_a_branch_has_is_generated_anew() {
    let project = declared();
    project.git(&["branch", "-M", "main"]);
    project.git(&["checkout", "--quiet", "-b", "work"]);
    edit(&project, PIPELINE, STORE, SHOP);
    write(&project, NOW + HOUR);
    project.commit();
    let first = last(&project, "");
    write(&project, NOW + 2 * HOUR);
    assert_eq!(
        last(&project, ""),
        first,
        "the commit of the branch says that it is made"
    );
    edit(&project, PIPELINE, SHOP, STORE);
    write(&project, NOW + 3 * HOUR);
    assert_eq!(project.names().len(), 1, "{:?}", project.names());
    assert!(!project.lock().contains("renamed column"));
}

#[test]
fn a_typed_table_is_renamed_with_its_queue_and_stays_under_its_former_name() {
    let project = declared();
    edit(
        &project,
        PIPELINE,
        "  purchase:\n    events",
        "  purchases:\n    renamed_from: purchase\n    events",
    );
    let tree = write(&project, NOW + HOUR);
    let (name, sql) = last(&project, "");
    assert_eq!(name, "20261123T221500_rename_purchases.sql");
    for part in [
        "\nRENAME TABLE `purchase` TO `purchases`;\n",
        "\nCREATE TABLE IF NOT EXISTS `purchase` ENGINE = Alias('purchases');\n",
        "\nCREATE VIEW IF NOT EXISTS `purchase` AS SELECT * FROM `purchases`;\n",
    ] {
        assert!(sql.contains(part), "{part}\n{sql}");
    }
    let lock = project.lock();
    for fact in [
        "renamed table purchase purchases\n",
        "renamed queue clickhouse_purchase_q clickhouse_purchases_q\n",
        "renamed bind clickhouse_purchase_q grpc_event.tx PurchaseFailedEvent\n",
    ] {
        assert!(lock.contains(fact), "{fact}");
    }
    let printed = text(&tree, "generated/topology/retired.rs");
    for part in [
        "name: \"clickhouse_purchases_q\"",
        "name: \"clickhouse_purchase_q\"",
        "RenamedQueue",
    ] {
        assert!(printed.contains(part), "{printed}");
    }
}

#[test]
fn postgresql_renames_indexes_too_and_makes_views() {
    let project = declared();
    edit(
        &project,
        PIPELINE,
        "  launch_referral:\n    store",
        "  referral_launch:\n    renamed_from: launch_referral\n    store",
    );
    edit(
        &project,
        PIPELINE,
        "    into: launch_referral\n",
        "    into: referral_launch\n",
    );
    edit(
        &project,
        PIPELINE,
        "indexes: [device_id, bb_device_id]",
        "indexes: [device, bb_device_id]",
    );
    edit(
        &project,
        PIPELINE,
        "      launched_at: body.timestamp | epoch_seconds\n      \"*\": body",
        "      launched_at: body.timestamp | epoch_seconds\n      device: { from: body.deviceId, renamed_from: device_id }\n      \"*\": body",
    );
    generate(project.root(), NOW + HOUR)
        .unwrap()
        .write(project.root())
        .unwrap();
    let (name, sql) = last(&project, "../postgres");
    assert_eq!(name, "20261123T221500_rename_referral_launch.sql");
    let statements = [
        "ALTER TABLE \"launch_referral\" RENAME TO \"referral_launch\";",
        "ALTER INDEX IF EXISTS \"launch_referral_device_id_idx\" RENAME TO \"referral_launch_device_id_idx\";",
        "CREATE VIEW \"launch_referral\" AS SELECT * FROM \"referral_launch\";",
        "ALTER TABLE \"referral_launch\" RENAME COLUMN \"device_id\" TO \"device\";",
        "ALTER INDEX IF EXISTS \"referral_launch_device_id_idx\" RENAME TO \"referral_launch_device_idx\";",
    ];
    let places: Vec<usize> = statements
        .iter()
        .map(|part| sql.find(part).unwrap_or_else(|| panic!("{part}\n{sql}")))
        .collect();
    assert!(places.is_sorted(), "{sql}");
    assert!(!sql.contains("CREATE INDEX"), "{sql}");
    project.commit();
    let lock = project.lock();
    assert!(lock.contains("renamed table launch_referral referral_launch\n"));
    assert!(lock.contains("renamed column referral_launch device_id device\n"));
}

#[test]
fn a_queue_keeps_what_is_bound_to_its_former_name_in_mind() {
    let project = declared();
    edit(
        &project,
        PIPELINE,
        "  grpc_clickhouse_event_q:\n",
        "  event_q:\n    renamed_from: grpc_clickhouse_event_q\n",
    );
    edit(
        &project,
        PIPELINE,
        "error.grpc_clickhouse_event_q }",
        "error.event_q }",
    );
    let tree = write(&project, NOW + HOUR);
    assert_eq!(project.names().len(), 1, "no migration");
    let printed = bare(&tree, "generated/topology/retired.rs");
    let former = "former:RetiredQueue{name:\"grpc_clickhouse_event_q\",bindings:&[Route{exchange:\"grpc_event.tx\",routing_key:\"*\"}]}";
    let letters = "letters:&[RetiredQueue{name:\"grpc_clickhouse_event_error_q\",bindings:&[Route{exchange:\"grpc_event_error.dx\",routing_key:\"error.grpc_clickhouse_event_q\"}]}]";
    let entry = format!("RenamedQueue{{name:\"event_q\",{former},{letters}}}");
    assert!(printed.contains(&entry), "{printed}");
    project.commit();
    let again = write(&project, NOW + 2 * HOUR);
    assert_eq!(bare(&again, "generated/topology/retired.rs"), printed);
}

/// Tests of the server carry these out.
#[test]
fn migrations_are_written_as_servers_have_tried_them() {
    let edits = [
        ("column", "", vec![(STORE, SHOP)]),
        (
            "table",
            "",
            vec![
                (
                    "  shopify_event:\n    order_by",
                    "  shop_event:\n    renamed_from: shopify_event\n    order_by",
                ),
                ("into: shopify_event }", "into: shop_event }"),
            ],
        ),
        (
            "postgres_column",
            "../postgres",
            vec![(
                "      client_app_type: body.newEntry.clientAppType\n      created_on",
                "      app_type: { from: body.newEntry.clientAppType, renamed_from: client_app_type }\n      created_on",
            )],
        ),
        (
            "postgres_table",
            "../postgres",
            vec![
                (
                    "  launch_referral:\n    store",
                    "  referral_launch:\n    renamed_from: launch_referral\n    store",
                ),
                ("    into: launch_referral\n", "    into: referral_launch\n"),
            ],
        ),
    ];
    for (name, folder, edits) in edits {
        let project = declared();
        for (from, to) in edits {
            edit(&project, PIPELINE, from, to);
        }
        write(&project, NOW + HOUR);
        let (_, sql) = last(&project, folder);
        let golden =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/renamed_{name}.sql"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &sql).unwrap();
        }
        assert_eq!(sql, fs::read_to_string(&golden).unwrap());
    }
}
