//! Builds for a run: of this tree, or of a copy that declares a ClickHouse cluster, or queues in Kafka.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, ensure};
use event_grpc_codegen::{Failure, generate_since};

use super::cluster::Servers;
use super::target::SHARDS;
use crate::build::{self, Executables};
use crate::tree;

/// Place of the copies and their builds, from the project's root.
const PLACE: &str = "target/chaos";

/// Time of its migration, in seconds since the epoch: always the same, so that what is generated is, too.
const NOW: u64 = 4_000_000_000;

/// Builds what a run with these servers needs.
pub(super) fn build(root: &Path, servers: Servers, release: bool) -> Result<Executables> {
    let args: &[&str] = if release { &["--release"] } else { &[] };
    let built = build::all(args)?;
    let edits = edits(servers);
    if edits.is_empty() {
        return Ok(built);
    }
    let declared = tempfile::tempdir()?;
    declare(root, &edits, declared.path())?;
    let folder = built.server.parent();
    let folder = folder.context("the executable is nowhere")?;
    let tree = root.join(PLACE).join(name(servers)).join("tree");
    let executables = ["event-grpc", "loadgen"];
    let folder = tree::build(root, &tree, declared.path(), folder, &executables)?;
    Ok(Executables {
        server: folder.join("event-grpc"),
        loadgen: folder.join("loadgen"),
    })
}

/// Name of the copy for a run with these servers.
fn name(servers: Servers) -> String {
    let Servers { shards, kafka, .. } = servers;
    format!("shards-{shards}-kafka-{kafka}")
}

/// What is replaced in `pipeline.yaml`, and by what.
fn edits(servers: Servers) -> Vec<(&'static str, String)> {
    let mut edits = Vec::new();
    if servers.shards > 1 {
        let shards = servers.shards;
        let cluster =
            format!("cluster: {{ name: {SHARDS}, shards: {shards}, replicated: false }}\n");
        edits.push(("\nexchanges:\n", format!("\n{cluster}\nexchanges:\n")));
    }
    if servers.kafka > 0 {
        let replicas = servers.kafka.min(3);
        let kafka = |partitions| {
            format!(
                "    kafka: {{ partitions: {partitions}, replicas: {replicas}, retention: 1h }}\n"
            )
        };
        let events = "\n  grpc_clickhouse_event_q:\n    bind: { grpc_event.tx: \"*\" }\n";
        edits.push((events, format!("{events}{}", kafka(6))));
        // Behind a bridge, since other services publish to it.
        let others = "\n  sentiment_log_events_q:\n    bind: { beat.dx: sentiment_log_events }\n";
        edits.push((others, format!("{others}{}", kafka(3))));
    }
    edits
}

/// Writes the changed declarations, and what is generated of them as of a project that is new.
fn declare(root: &Path, edits: &[(&str, String)], to: &Path) -> Result<()> {
    tree::declared(root, to)?;
    for folder in ["migrations", "generated"] {
        fs::remove_dir_all(to.join(folder))?;
    }
    let yaml = to.join("pipeline.yaml");
    let mut text = fs::read_to_string(&yaml)?;
    for (find, replace) in edits {
        ensure!(
            text.matches(find).count() == 1,
            "pipeline.yaml doesn't say {find:?} once"
        );
        text = text.replacen(find, replace, 1);
    }
    fs::write(&yaml, text)?;
    let generated =
        generate_since(to, Some("none"), NOW, None).map_err(|failure| match failure {
            Failure::Mistakes(mistakes, sources) => {
                crate::codegen::show(&mistakes, &sources);
                anyhow!("the generator refuses it")
            }
            failure => failure.into(),
        })?;
    generated.write(to)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn what_a_run_declares_is_generated() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let to = tempfile::tempdir().unwrap();
        let servers = Servers {
            shards: 2,
            kafka: 3,
            ..Servers::FEW
        };
        declare(&root, &edits(servers), to.path()).unwrap();
        let lock = fs::read_to_string(to.path().join("migrations/schema.lock")).unwrap();
        for fact in [SHARDS, "grpc_clickhouse_event_q", "sentiment_log_events_q"] {
            assert!(lock.contains(fact), "{fact}");
        }
        assert!(edits(Servers::FEW).is_empty());
    }
}
