//! Databases: versions, clocks, disks, and whether their tables take rows.

use super::super::places::Place;
use super::finding::{Findings, Level};
use super::{host, versions};
use crate::contract::Table;
use crate::generated::PIPELINE;
use crate::sink::clickhouse::ClickHouse;
use crate::sink::postgres::{self, Postgres};
use crate::sink::{Store, StoreError};
use crate::time::now_ms;

/// What to do about a server that doesn't answer.
const SILENT: &str = "check the address, user and password, the firewall, and whether it runs";

/// Looks at a database; false if it doesn't answer.
pub(super) async fn check(place: &Place<'_>, findings: &mut Findings) -> bool {
    match place {
        Place::ClickHouse(_, store) => clickhouse(&place.short(), store, findings).await,
        Place::Postgres(store) => postgresql(&place.short(), store, findings).await,
    }
}

async fn clickhouse(place: &str, store: &ClickHouse, findings: &mut Findings) -> bool {
    let before = now_ms();
    let about = match store.about().await {
        Ok(Some(about)) => about,
        Ok(None) => {
            findings.add(Level::Problem, place, "it says nothing of itself", SILENT);
            return false;
        }
        Err(error) => return unreachable(place, &error, findings),
    };
    host::clock(place, before, about.now_ms, now_ms(), findings);
    versions::judge(versions::CLICKHOUSE, place, &about.version, findings);
    match store.disks().await {
        Ok(disks) => {
            for disk in disks {
                host::disk(place, &disk.name, disk.free, disk.total, findings);
            }
        }
        Err(error) => {
            let fix = "grant SELECT ON system.disks to have its disks looked at";
            let what = format!("its disks can't be seen: {}", error.message);
            findings.add(Level::Note, place, what, fix);
        }
    }
    tables(place, store, &store.tables(&PIPELINE), findings).await;
    true
}

async fn postgresql(place: &str, store: &Postgres, findings: &mut Findings) -> bool {
    let before = now_ms();
    let about = match store.about().await {
        Ok(about) => about,
        Err(error) => return unreachable(place, &error, findings),
    };
    host::clock(place, before, about.now_ms, now_ms(), findings);
    versions::judge(versions::POSTGRESQL, place, &about.version, findings);
    if about.in_recovery {
        let fix = "name the primary, or all hosts, in --postgres-url (docs/operations.md)";
        findings.add(
            Level::Problem,
            place,
            "it follows another server, and takes no writes",
            fix,
        );
    }
    tables(
        place,
        store,
        &postgres::migrate::tables(&PIPELINE),
        findings,
    )
    .await;
    true
}

/// Tries whether each table would take rows, with none. Which columns differ is told by the comparison with this build.
async fn tables(
    place: &str,
    store: &impl Store,
    tables: &[&'static Table],
    findings: &mut Findings,
) {
    let mut good = 0;
    for table in tables {
        match store.probe(table).await {
            Ok(()) => good += 1,
            Err(error) => {
                let what = format!("table {} takes no rows: {}", table.name, error.message);
                let fix = "event-grpc migrate makes what is missing; the account needs INSERT and SELECT on the rest";
                findings.add(Level::Problem, place, what, fix);
            }
        }
    }
    if good > 0 {
        findings.good(place, format!("{good} tables take rows"));
    }
}

fn unreachable(place: &str, error: &StoreError, findings: &mut Findings) -> bool {
    let what = format!("it can't be asked: {}", error.message);
    findings.add(Level::Problem, place, what, SILENT);
    false
}
