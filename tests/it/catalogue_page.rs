//! The queries that the catalogue shows are queries that the servers take, and its links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use event_grpc::sink::postgres;
use event_grpc::sink::postgres::hook::Hooks;

use crate::clickhouse::support::in_database;
use crate::postgres::support::in_database as in_postgres;

/// The index and all pages: path and text.
fn pages() -> Vec<(PathBuf, String)> {
    let generated = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    let folders = fs::read_dir(generated.join("catalogue")).unwrap();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let all = [generated.join("catalogue.md")].into_iter().chain(files);
    all.map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The queries of the pages that are about PostgreSQL, or of the others.
fn queries(of_postgres: bool) -> Vec<String> {
    let of_page = |(_, page): (PathBuf, String)| {
        let blocks = page.split("```sql\n").skip(1);
        let queries = blocks.map(|b| b.split("\n```").next().unwrap().to_owned());
        queries.collect::<Vec<_>>()
    };
    pages()
        .into_iter()
        .filter(|(_, page)| page.contains(" In PostgreSQL, ") == of_postgres)
        .flat_map(of_page)
        .collect()
}

#[test]
fn every_link_leads_to_a_page_and_its_section() {
    let anchor = |heading: &str| heading.to_lowercase().replace(' ', "-");
    let pages = pages();
    let mut links = 0;
    for (path, page) in &pages {
        for link in page.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.contains("://") {
                continue;
            }
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            let to = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file).canonicalize().unwrap(),
            };
            let found = pages.iter().find(|(path, _)| *path == to);
            let (_, text) = found.unwrap_or_else(|| panic!("{link} of {}", path.display()));
            let mut headings = text.lines().filter(|line| line.starts_with('#'));
            assert!(
                section.is_empty()
                    || headings.any(|h| anchor(h.trim_start_matches('#').trim()) == section),
                "{link} of {}",
                path.display()
            );
            links += 1;
        }
    }
    assert!(links > 200, "{links}");
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
            let answer = store.run(Some(&database), &query).await;
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
            let answer = client.query(&query, &[]).await;
            answer.unwrap_or_else(|error| panic!("{query}\n{error}"));
        }
        database
    })
    .await;
}
