//! Failures of each kind, and recovery from them.

use std::time::Duration;

use event_grpc::sink::health::{Server, ServerState, TableState, reporter};
use event_grpc::sink::postgres::hook::Hooks;
use event_grpc::sink::postgres::{Address, Postgres, health};
use event_grpc::sink::{Fault, Store as _};
use tokio_util::sync::CancellationToken;

use super::support::{Database, KEEP, REPLACE, in_database, plain, put, put_at_last, rows};

async fn fault(store: &Postgres) -> Fault {
    let block = plain(&KEEP, &[(1, 1, "a")]);
    put(store, &block).await.unwrap_err().fault
}

async fn run(database: &Database, sql: &str) {
    let sql = sql.replace("DB", &database.name);
    database.admin.batch_execute(&sql).await.expect(&sql);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_wrong_is_told_from_bad_data() {
    in_database("faults", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        assert_eq!(fault(&store).await, Fault::Destination);
        let probed = store.probe(&KEEP).await.unwrap_err();
        assert!(probed.message.contains("does not exist"), "{probed}");

        client
            .batch_execute(
                "CREATE TABLE plain (id bigint PRIMARY KEY, version text, more int NOT NULL)",
            )
            .await
            .unwrap();
        assert_eq!(fault(&store).await, Fault::Destination);
        let probed = store.probe(&KEEP).await.unwrap_err().message;
        for part in [
            "`text`",
            "`version` as text",
            "`more`, which is not in the pipeline",
        ] {
            assert!(probed.contains(part), "{probed}");
        }

        // A column that this build doesn't know and that must have a value is no fault of a row.
        client.batch_execute("DROP TABLE plain").await.unwrap();
        client.batch_execute(KEEP.ddl).await.unwrap();
        client
            .batch_execute("ALTER TABLE plain ADD more int NOT NULL")
            .await
            .unwrap();
        assert_eq!(fault(&store).await, Fault::Destination);
        client
            .batch_execute("ALTER TABLE plain DROP more, DROP CONSTRAINT plain_pkey")
            .await
            .unwrap();
        assert_eq!(fault(&store).await, Fault::Destination);
        let probed = store.probe(&KEEP).await.unwrap_err().message;
        assert!(probed.contains("no unique index on (id)"), "{probed}");
        client
            .batch_execute("ALTER TABLE plain ADD UNIQUE (id)")
            .await
            .unwrap();
        store.probe(&KEEP).await.unwrap();

        // Read-only, as a replica is.
        run(
            &database,
            "ALTER DATABASE DB SET default_transaction_read_only = on",
        )
        .await;
        let reading = database.store(Hooks::default());
        assert_eq!(fault(&reading).await, Fault::Destination);
        assert_eq!(
            reading.probe(&KEEP).await.unwrap_err().fault,
            Fault::Destination
        );
        run(
            &database,
            "ALTER DATABASE DB RESET default_transaction_read_only",
        )
        .await;

        client
            .batch_execute("ALTER TABLE plain ADD CHECK (version < 100)")
            .await
            .unwrap();
        for bad in [(1, 100, "a"), (1, 1, "nul \0 in it")] {
            let error = put(&store, &plain(&KEEP, &[(2, 2, "good"), bad]))
                .await
                .unwrap_err();
            assert_eq!(error.fault, Fault::Content, "{error}");
        }
        assert_eq!(rows(&client).await, []);
        put(&store, &plain(&KEEP, &[(2, 2, "good")])).await.unwrap();
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_waited_for() {
    let nobody = Address::parse("postgres://a@127.0.0.1:1/b").unwrap();
    let store = Postgres::new(nobody, Hooks::default()).unwrap();
    assert_eq!(fault(&store).await, Fault::Destination);
    assert_eq!(
        store.probe(&KEEP).await.unwrap_err().fault,
        Fault::Destination
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_and_a_conflict_pass_by_themselves() {
    in_database("conflicts", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        client.batch_execute(KEEP.ddl).await.unwrap();
        put(&store, &plain(&KEEP, &[(1, 1, "a"), (2, 1, "b")]))
            .await
            .unwrap();

        // The other one waits longer before it looks for a deadlock, so that ours is given up.
        client
            .batch_execute(
                "SET deadlock_timeout = '20s'; BEGIN; UPDATE plain SET version = 2 WHERE id = 2",
            )
            .await
            .unwrap();
        let ours = plain(&REPLACE, &[(1, 5, "ours"), (2, 5, "ours")]);
        let (outcome, theirs) = tokio::join!(put(&store, &ours), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            client
                .batch_execute("UPDATE plain SET version = 3 WHERE id = 1; COMMIT")
                .await
        });
        let error = outcome.unwrap_err();
        assert!(error.message.contains("40P01"), "{error}");
        assert_eq!(error.fault, Fault::Transient);
        theirs.unwrap();
        put(&store, &ours).await.unwrap();
        let there: Vec<i64> = rows(&client).await.iter().map(|row| row.1).collect();
        assert_eq!(there, [5, 5]);

        run(
            &database,
            "ALTER DATABASE DB SET default_transaction_isolation = 'serializable'",
        )
        .await;
        let strict = database.store(Hooks::default());
        client
            .batch_execute("BEGIN; UPDATE plain SET version = 6 WHERE id = 1")
            .await
            .unwrap();
        let ours = plain(&REPLACE, &[(1, 9, "ours")]);
        let (outcome, _) = tokio::join!(put(&strict, &ours), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            client.batch_execute("COMMIT").await.unwrap();
        });
        let error = outcome.unwrap_err();
        assert!(error.message.contains("40001"), "{error}");
        assert_eq!(error.fault, Fault::Transient);
        put(&strict, &ours).await.unwrap();
        assert_eq!(rows(&client).await[0].1, 9);
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_are_replaced() {
    in_database("broken", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        client.batch_execute(KEEP.ddl).await.unwrap();
        put(&store, &plain(&KEEP, &[(1, 1, "a")])).await.unwrap();

        // In the middle of a transaction.
        client
            .batch_execute("BEGIN; UPDATE plain SET version = 2")
            .await
            .unwrap();
        let ours = plain(&REPLACE, &[(1, 5, "ours")]);
        let (outcome, killed) = tokio::join!(put(&store, &ours), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            database.kill().await
        });
        assert!(killed > 0);
        assert_eq!(outcome.unwrap_err().fault, Fault::Unanswered);
        client.batch_execute("ROLLBACK").await.unwrap();
        put_at_last(&store, &ours).await;

        // Between transactions nobody notices.
        database.kill().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        put(&store, &plain(&REPLACE, &[(1, 6, "ours")]))
            .await
            .unwrap();
        assert_eq!(rows(&client).await, [(1, 6, "ours".to_owned())]);

        // Gone as a whole, and back.
        run(&database, "ALTER DATABASE DB ALLOW_CONNECTIONS false").await;
        database.kill().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(fault(&store).await, Fault::Destination);
        assert_eq!(
            store.probe(&KEEP).await.unwrap_err().fault,
            Fault::Destination
        );
        run(&database, "ALTER DATABASE DB ALLOW_CONNECTIONS true").await;
        store.probe(&KEEP).await.unwrap();
        put(&store, &plain(&REPLACE, &[(1, 7, "ours")]))
            .await
            .unwrap();
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_table_is_known_within_seconds() {
    in_database("health", async |database| {
        let client = database.client().await;
        let (reporter, mut servers, mut states) = reporter();
        let stop = CancellationToken::new();
        let watching = tokio::spawn(health::watch(
            database.store(Hooks::default()),
            vec![&KEEP],
            reporter,
            stop.clone(),
        ));
        let limit = Duration::from_secs(5);
        let missing = |state: &TableState| matches!(state, TableState::Trouble(why) if why.contains("does not exist"));
        tokio::time::timeout(limit, states.wait_for(|s| missing(&s["plain"]))).await.unwrap().unwrap();
        client.batch_execute(KEEP.ddl).await.unwrap();
        let fits = |state: &TableState| *state == TableState::Fits;
        tokio::time::timeout(limit, states.wait_for(|s| fits(&s["plain"]))).await.unwrap().unwrap();

        let up = |state: &ServerState| *state == ServerState::Up;
        assert!(up(&servers.borrow()[&Server::Postgres]));
        run(&database, "ALTER DATABASE DB ALLOW_CONNECTIONS false").await;
        database.kill().await;
        let down = |state: &ServerState| matches!(state, ServerState::Down(_));
        tokio::time::timeout(limit, servers.wait_for(|s| down(&s[&Server::Postgres]))).await.unwrap().unwrap();
        let trouble = |state: &TableState| matches!(state, TableState::Trouble(_));
        tokio::time::timeout(limit, states.wait_for(|s| trouble(&s["plain"]))).await.unwrap().unwrap();
        run(&database, "ALTER DATABASE DB ALLOW_CONNECTIONS true").await;
        tokio::time::timeout(limit, servers.wait_for(|s| up(&s[&Server::Postgres]))).await.unwrap().unwrap();
        tokio::time::timeout(limit, states.wait_for(|s| fits(&s["plain"]))).await.unwrap().unwrap();
        stop.cancel();
        watching.await.unwrap();
        database
    })
    .await;
}
