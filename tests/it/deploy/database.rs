//! Backup and restore of PostgreSQL, with the commands of docs/backup.md.

use std::path::PathBuf;

use tokio::process::Command;

use super::succeeds;
use crate::postgres::support::{in_database, number, text};
use crate::support::server::command;

/// A program of PostgreSQL, which Debian has in a folder of its version.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin").join(name)))
        .filter(|program| program.is_file())
        .collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| name.into())
}

const INSERT: &str = "INSERT INTO user_account (account_id, user_id, client_id, created_on, insert_timestamp) \
     SELECT n, n * 2, 'app ' || n, now(), now() FROM generate_series(1, 500) AS n";
const SUM: &str =
    "SELECT md5(string_agg(user_account::text, '|' ORDER BY account_id)) FROM user_account";

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_postgresql_is_restored_with_rows_tables_and_what_was_migrated() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("events.dump");
    in_database("dumped", async |database| {
        let migrate = async |arguments: &[&str], url: &str| {
            let mut migrate = command("migrate");
            succeeds(migrate.args(["--postgres-url", url]).args(arguments)).await
        };
        migrate(&[], &database.url()).await;
        let client = database.client().await;
        client.batch_execute(INSERT).await.unwrap();
        let sum = text(&client, SUM).await;
        let mut dump = Command::new(program("pg_dump"));
        dump.args(["--format=custom", "--no-owner", "--file"])
            .arg(&file);
        succeeds(dump.arg(database.url())).await;
        drop(client);

        in_database("restored", async |restored| {
            let mut restore = Command::new(program("pg_restore"));
            restore.args([
                "--no-owner",
                "--exit-on-error",
                "--single-transaction",
                "--dbname",
            ]);
            succeeds(restore.arg(restored.url()).arg(&file)).await;
            let client = restored.client().await;
            assert_eq!(
                number(&client, "SELECT count(*) FROM user_account").await,
                500
            );
            assert_eq!(text(&client, SUM).await, sum);
            migrate(&["--check"], &restored.url()).await;
            drop(client);
            restored
        })
        .await;
        database
    })
    .await;
}
