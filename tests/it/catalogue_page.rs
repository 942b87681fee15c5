//! The queries that `generated/catalogue.md` shows are queries that the server takes.

use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};

use crate::clickhouse::support::in_database;

#[tokio::test(flavor = "multi_thread")]
async fn every_example_query_runs() {
    let page = include_str!("../../generated/catalogue.md");
    let blocks = page.split("```sql\n").skip(1);
    let queries: Vec<&str> = blocks.map(|b| b.split("\n```").next().unwrap()).collect();
    let types = 56;
    assert!(
        queries.len() >= PIPELINE.tables.len() + types,
        "{}",
        queries.len()
    );
    in_database("page", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let database = store.address().database().to_owned();
        for query in queries {
            let answer = store.run(Some(&database), query).await;
            answer.unwrap_or_else(|error| panic!("{query}\n{error}"));
        }
    })
    .await;
}
