//! Looks for events in all stores of the pipeline, at once.

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::json;

use super::Args;
use super::mask::Mask;
use super::story::{Place, Story, Unasked};
use crate::cli::ask::Asks;
use crate::cli::serve::further_servers;
use crate::contract::{Append, Storage, Table};
use crate::generated::PIPELINE;
use crate::hooks;
use crate::ops::ledger::counts;
use crate::sink::clickhouse::dead_letters::{DeadLetters, Summary};
use crate::sink::clickhouse::{ClickHouse, Databases};
use crate::sink::found::{FoundRows, Search};
use crate::sink::postgres::Postgres;

/// Number of tables that are asked at once: accounts of tools may ask few things at a time.
const AT_ONCE: usize = 4;

/// What is not recorded for single events.
const NOT_RECORDED: &str = "Events that were deduplicated show as copies; late and retired ones are counted, not kept \
                            (docs/seeing.md).";

fn databases(args: &Args) -> anyhow::Result<Option<Databases>> {
    let Some(address) = args.clickhouse.address()? else {
        return Ok(None);
    };
    let main = ClickHouse::new(address)?;
    let databases = Databases::new(main, &further_servers(&PIPELINE)?, &PIPELINE)?;
    Ok(Some(databases))
}

/// Statements that add indexes for a search.
pub(super) fn indexes(args: &Args, search: &Search) -> anyhow::Result<Vec<String>> {
    let databases = databases(args)?;
    let databases = databases.context(
        "--clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) is required: it names the database of the tables",
    )?;
    let columns: Vec<&str> = search
        .values
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let tables = PIPELINE.tables.iter();
    let of_tables = tables.filter_map(|table| Some(databases.of(table)?.indexes(table, &columns)));
    Ok(of_tables.flatten().collect())
}

/// Looks for what was asked for.
pub(super) async fn look(args: &Args, search: &Search) -> anyhow::Result<Story> {
    let mut story = Story::default();
    let mask = Mask::of(args);
    let tables = PIPELINE.tables.iter().copied();
    let tables: Vec<_> = tables.filter(|table| search.is_of(table)).collect();
    let postgres = args.postgres.address()?;
    let postgres = postgres.map(|address| Postgres::new(address, hooks::all()));
    let postgres = postgres.transpose()?;
    match databases(args)? {
        Some(databases) => {
            let ours = tables.iter().filter_map(|t| Some((*t, databases.of(t)?)));
            let asked = ours.map(|(table, store)| in_clickhouse(table, store, search, &mask));
            let letters = letters(&databases, search, &mask);
            let asked = stream::iter(asked).buffered(AT_ONCE).collect::<Vec<_>>();
            let (asked, letters) = tokio::join!(asked, letters);
            asked
                .into_iter()
                .chain([letters])
                .for_each(|a| add(&mut story, a));
        }
        // Where no store is named at all, that nothing is found says nothing.
        None if postgres.is_none() => story.unasked.push(Unasked {
            store: "any store".to_owned(),
            reason: "--clickhouse-url and --postgres-url (or their variables) name them; of an embedded ClickHouse \
                     `event-grpc clickhouse` prints them"
                .to_owned(),
        }),
        None => story.notes.push(
            "ClickHouse was not asked: --clickhouse-url (or EVENT_GRPC_CLICKHOUSE_URL) names it."
                .to_owned(),
        ),
    }
    let is_postgres = |table: &&&Table| matches!(table.storage, Storage::Postgres(_));
    let of_postgres = tables.iter().filter(is_postgres);
    match &postgres {
        Some(store) => {
            let asked = of_postgres.map(|table| in_postgres(table, store, search, &mask));
            let asked = join_all(asked).await;
            asked.into_iter().for_each(|a| add(&mut story, a));
        }
        None if of_postgres.count() > 0 => story.notes.push(
            "PostgreSQL was not asked: --postgres-url (or EVENT_GRPC_POSTGRES_URL) names it."
                .to_owned(),
        ),
        None => {}
    }
    if story.places.iter().any(|place| place.what == "row") {
        story.notes.push(NOT_RECORDED.to_owned());
    }
    under_way(args, &mut story).await?;
    anyhow::ensure!(
        !tables.is_empty() || !story.is_empty(),
        "no table has all of these columns"
    );
    Ok(story)
}

type Asked = Result<Vec<Place>, Unasked>;

/// Adds what a store answered. The reason is told once for a store, however many tables it has.
fn add(story: &mut Story, asked: Asked) {
    match asked {
        Ok(places) => story.places.extend(places),
        Err(unasked) => {
            let known = story
                .unasked
                .iter()
                .any(|known| known.reason == unasked.reason);
            if !known {
                story.unasked.push(unasked);
            }
        }
    }
}

async fn in_clickhouse(
    table: &'static Table,
    store: &ClickHouse,
    search: &Search,
    mask: &Mask<'_>,
) -> Asked {
    // Dead letters are told with what was decided about them.
    if matches!(table.append, Append::DeadLetters(..)) {
        return Ok(Vec::new());
    }
    let name = format!("{}.{}", store.address().database(), table.name);
    let found = store.find(table, search).await;
    let found = found.map_err(|error| unasked(format!("ClickHouse {name}"), &error))?;
    let place = |rows: &FoundRows| {
        let id = mask.id(table, &rows.id);
        let closer = store.closer(table, &id);
        row(&name, rows, id, closer)
    };
    Ok(found.iter().map(place).collect())
}

async fn in_postgres(
    table: &'static Table,
    store: &Postgres,
    search: &Search,
    mask: &Mask<'_>,
) -> Asked {
    let name = format!("PostgreSQL {}", table.name);
    let found = store.find(table, search).await;
    let found = found.map_err(|error| unasked(name.clone(), &error))?;
    let closer = format!("\\d {}", table.name);
    Ok(found
        .iter()
        .map(|rows| row(&name, rows, mask.id(table, &rows.id), closer.clone()))
        .collect())
}

fn unasked(store: String, error: &impl ToString) -> Unasked {
    Unasked {
        store,
        reason: error.to_string(),
    }
}

fn row(name: &str, rows: &FoundRows, id: String, closer: String) -> Place {
    let mut told = match (rows.copies, rows.rows) {
        (1, _) => "1 row".to_owned(),
        (copies, 1) => format!("1 row, stored {copies} times (one under FINAL)"),
        (copies, rows) => format!("{rows} rows, stored {copies} times"),
    };
    if rows.unknown > 0 {
        told.push_str(", with fields that the build didn't know (event-grpc unknown)");
    }
    Place {
        what: "row",
        at_ms: rows.first_ms,
        place: name.to_owned(),
        id,
        event_type: rows.event_type.clone(),
        told,
        facts: json!({
            "rows": rows.rows,
            "copies": rows.copies,
            "last_ms": rows.last_ms,
            "unknown_fields": rows.unknown,
        }),
        closer,
    }
}

async fn letters(databases: &Databases, search: &Search, mask: &Mask<'_>) -> Asked {
    let letters = match DeadLetters::new(databases, &PIPELINE) {
        Ok(letters) => letters,
        // A pipeline without dead letters in ClickHouse has none to be looked for.
        Err(_) => return Ok(Vec::new()),
    };
    let found = letters.mentioning(search).await;
    let found = found.map_err(|error| unasked("dead letters".to_owned(), &error))?;
    let place = |mut letter: Summary| {
        mask.letter(&mut letter);
        place_of(&letters, &letter)
    };
    Ok(found.into_iter().map(place).collect())
}

fn place_of(letters: &DeadLetters, letter: &Summary) -> Place {
    let decision = match letter.decision.as_str() {
        "" => "not decided",
        decision => decision,
    };
    Place {
        what: "dead_letter",
        at_ms: Some(letter.last_failed_ms),
        place: letters.name(),
        id: letter.id.clone(),
        event_type: letter.event_type.clone(),
        told: format!(
            "{} in {}, {} attempts, {decision}: {}",
            letter.class, letter.queue, letter.attempts, letter.reason
        ),
        facts: json!(letter),
        closer: format!("event-grpc dlq show {}", letter.id),
    }
}

/// Says what the instances hold: messages of queues, which nobody can look into.
async fn under_way(args: &Args, story: &mut Story) -> anyhow::Result<()> {
    if args.instances.is_empty() {
        return Ok(());
    }
    let asks = Asks::new(&args.ask)?;
    for url in &args.instances {
        let counts = asks.metrics(url).await.map(|text| counts(&text));
        let counts = match counts {
            Ok(Some(counts)) => counts,
            Ok(None) => continue,
            Err(error) => {
                story.unasked.push(Unasked {
                    store: url.clone(),
                    reason: format!("{error:#}"),
                });
                continue;
            }
        };
        for (queue, counts) in &counts.queues {
            let (held, coming) = (counts.held, counts.unconfirmed);
            let ready = counts.ready.unwrap_or_default();
            if held + coming + ready > 0 {
                story.notes.push(format!(
                    "Queue {queue}: {coming} messages on their way into it, {ready} ready, {held} held by {url}; an event \
                     may be in one of them."
                ));
            }
        }
    }
    Ok(())
}
