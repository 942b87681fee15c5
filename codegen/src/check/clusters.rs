//! Checks of ClickHouse clusters.

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::Ddl;
use crate::resolve::Resolved;
use crate::rules::clusters::CLUSTER;
use crate::syntax::spec::Cluster;

/// Ends the name of a table on each shard.
const LOCAL: &str = "_local";

/// Checks the clusters of all databases, and the names that they take.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let spec = resolved.spec;
    let others = spec.databases.iter().filter_map(|d| d.cluster.as_ref());
    for cluster in spec.cluster.iter().chain(others) {
        fits(cluster, out);
    }
    for table in &resolved.tables {
        let Some(cluster) = resolved.cluster(table) else {
            continue;
        };
        let local = format!("{}{LOCAL}", table.spec.name.value);
        let other = spec.tables.iter().find(|other| other.name.value == local);
        if let Some(other) = other {
            let label = format!(
                "holds the rows of `{}` on each shard",
                table.spec.name.value
            );
            out.push(taken(
                &local,
                "a table",
                other.name.span,
                &label,
                cluster.span,
            ));
        }
    }
    for queue in resolved.queues.iter().filter(|queue| queue.derived) {
        let declared = spec.queue(&queue.name);
        if let (Some(declared), true) = (declared, queue.name.contains(".shard")) {
            let span = declared.name.span;
            let place = queue.place.unwrap_or(span);
            out.push(taken(
                &queue.name,
                "a queue",
                span,
                "holds what a shard didn't take",
                place,
            ));
        }
    }
}

fn taken(name: &str, what: &str, at: Span, label: &str, why: Span) -> Diagnostic {
    Diagnostic::new(&CLUSTER, format!("`{name}` can't be the name of {what}"))
        .at(at, label.to_owned())
        .and(Some(why), "because of this")
        .help("give it another name")
}

fn fits(cluster: &Cluster, out: &mut Diagnostics) {
    let mut tell = |message: &str, span: Span, label: &str, help: &str| {
        out.push(
            Diagnostic::new(&CLUSTER, message)
                .at(span, label.to_owned())
                .and(Some(cluster.span), "of this cluster")
                .help(help.to_owned()),
        );
    };
    let ddl = cluster.ddl.as_ref().map_or(Ddl::Hosts, |ddl| ddl.value);
    let alone = cluster.replicated.as_ref().filter(|said| !said.value);
    if let (Some(quorum), Some(_)) = (cluster.quorum.as_ref().filter(|q| q.value), alone) {
        tell(
            "a quorum needs replicas",
            quorum.span,
            "of one host",
            "leave `durability` out, or `replicated: false`",
        );
    }
    if let (Ddl::ReplicatedDatabase, Some(alone)) = (ddl, alone) {
        tell(
            "a Replicated database has replicas",
            alone.span,
            "contradicts `ddl: replicated_database`",
            "leave `replicated` out",
        );
    }
    if ddl == Ddl::Cloud {
        let said = [
            cluster.name.as_ref().map(|name| name.span),
            cluster.shards.as_ref().map(|shards| shards.span),
            cluster.replicated.as_ref().map(|said| said.span),
            cluster.quorum.as_ref().map(|said| said.span),
        ];
        if let Some(span) = said.into_iter().flatten().next() {
            tell(
                "ClickHouse Cloud has no shards and no replicas to name",
                span,
                "has no meaning there",
                "write `cluster: { ddl: cloud }`",
            );
        }
    }
    if let Some(name) = cluster
        .name
        .as_ref()
        .filter(|name| name.value.trim().is_empty())
    {
        tell(
            "a cluster has a name",
            name.span,
            "is empty",
            "name it as system.clusters does",
        );
    }
}
