//! The queries that `generated/catalogue.md` shows are queries that the servers take.

use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use event_grpc::sink::postgres;
use event_grpc::sink::postgres::hook::Hooks;

use crate::clickhouse::support::in_database;
use crate::postgres::support::in_database as in_postgres;

/// The queries of the sections that are about PostgreSQL, or of the others.
fn queries(of_postgres: bool) -> Vec<&'static str> {
    let page = include_str!("../../generated/catalogue.md");
    let sections = page.split("\n### ").skip(1);
    let sections = sections.filter(|s| s.contains(" In PostgreSQL, ") == of_postgres);
    let blocks = sections.flat_map(|s| s.split("```sql\n").skip(1));
    blocks.map(|b| b.split("\n```").next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_query_runs() {
    let types = 56;
    let upserts = PIPELINE.tables.iter().filter(|t| t.upsert().is_some());
    let upserts = upserts.count();
    let all = queries(false);
    assert!(
        all.len() >= PIPELINE.tables.len() - upserts + types,
        "{}",
        all.len()
    );
    in_database("page", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let database = store.address().database().to_owned();
        for query in all {
            let answer = store.run(Some(&database), query).await;
            answer.unwrap_or_else(|error| panic!("{query}\n{error}"));
        }
    })
    .await;

    let all = queries(true);
    assert_eq!(all.len(), upserts);
    in_postgres("page", async |database| {
        let store = database.store(Hooks::default());
        postgres::migrate::apply(&store, &PIPELINE).await.unwrap();
        let client = database.client().await;
        for query in all {
            let answer = client.query(query, &[]).await;
            answer.unwrap_or_else(|error| panic!("{query}\n{error}"));
        }
        database
    })
    .await;
}
