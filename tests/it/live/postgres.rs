//! The comparison of a build with a PostgreSQL that runs, and carrying it out.

use event_grpc::generated::PIPELINE;

use super::event_grpc;
use crate::postgres::support::{in_database, number};

/// The line of a plan that names this.
fn line<'a>(said: &'a str, named: &str) -> &'a str {
    let line = said.lines().find(|line| line.contains(named));
    line.unwrap_or_else(|| panic!("no line has {named}:\n{said}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_compared_and_brought_up_to_date() {
    in_database("live", async |database| {
        let client = database.client().await;
        let url = database.url();
        let servers = [("EVENT_GRPC_POSTGRES_URL", url.as_str())];
        let run = |arguments: &[&str]| event_grpc(arguments, &servers);
        let plan = ["plan", "--against-live"];

        let [first, .., last] = PIPELINE.postgres_migrations else {
            panic!("there are several migrations");
        };
        let (status, said) = run(&plan);
        assert_eq!(status, Some(2), "{said}");
        for migration in [first, last] {
            assert!(line(&said, migration.name).starts_with("pending"), "{said}");
        }
        let (status, said) = run(&["apply"]);
        assert_eq!(status, Some(2), "{said}");
        let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(number(&client, tables).await, 0);

        let (status, said) = run(&["apply", "--yes"]);
        assert_eq!(status, Some(0), "{said}");
        assert!(line(&said, last.name).starts_with("applied"), "{said}");
        let (status, said) = run(&plan);
        assert_eq!(status, Some(0), "{said}");

        // What somebody changed by hand.
        let by_hand = "ALTER TABLE user_account ADD by_hand text NOT NULL";
        client.batch_execute(by_hand).await.unwrap();
        let (status, said) = run(&plan);
        assert_eq!(status, Some(2), "{said}");
        assert!(line(&said, "by_hand").starts_with("differs"), "{said}");
        let back = "ALTER TABLE user_account DROP by_hand";
        client.batch_execute(back).await.unwrap();

        // What a pending migration would touch, and that it is applied once.
        let rows = "INSERT INTO user_account (account_id, created_on, insert_timestamp) \
                    SELECT n, now(), now() FROM generate_series(1, 500) n; ANALYZE user_account";
        client.batch_execute(rows).await.unwrap();
        let forget = "DELETE FROM schema_migrations WHERE name = $1";
        assert_eq!(client.execute(forget, &[&last.name]).await.unwrap(), 1);
        let (status, said) = run(&plan);
        assert_eq!(status, Some(2), "{said}");
        let pending = line(&said, last.name);
        assert!(pending.contains("user_account (500 rows"), "{said}");
        let (status, said) = run(&["apply", "--yes"]);
        assert_eq!(status, Some(0), "{said}");
        let kept = "SELECT count(*) FROM user_account";
        assert_eq!(number(&client, kept).await, 500);
        let (status, said) = run(&plan);
        assert_eq!(status, Some(0), "{said}");
        drop(client);
        database
    })
    .await;
}
