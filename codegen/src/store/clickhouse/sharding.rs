//! The shard of a row: a hash over columns that hold what the sender sent, so that the same event is on one shard
//! however often it comes.

use super::declaration::Declaration;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Cluster, ColumnSource, Ddl, ShardColumn, Sharding, Type};
use crate::rules::clusters::SHARD_KEY;
use crate::store::typed::{Column, TypedTable, repeated};
use crate::syntax::yaml::Text;

/// The columns as they are meant: those that are named, or the id, or what a table of versions tells things apart by.
fn columns<'a>(own: &'a Declaration, table: &TypedTable<'_>) -> &'a [Text] {
    let key = own.order_by.as_slice();
    match (own.shard_by.as_slice(), table.spec.replaces) {
        ([], None) => key
            .split_last()
            .map_or(&[], |(id, _)| std::slice::from_ref(id)),
        ([], Some(_)) => key,
        (named, _) => named,
    }
}

/// Checks the columns of a table that is divided among shards.
pub(super) fn check(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    let divided = table.cluster.is_some_and(|cluster| !is_cloud(cluster));
    if !divided {
        if let Some(first) = own.shard_by.first() {
            let message = format!(
                "table `{}` is not divided among shards",
                table.spec.name.value
            );
            out.push(
                Diagnostic::new(&SHARD_KEY, message)
                    .at(first.span, "has no meaning here")
                    .help("leave `shard_by` out, or declare the `cluster` of its database"),
            );
        }
        return;
    }
    repeated("`shard_by`", &own.shard_by, out);
    for text in columns(own, table) {
        if let Some(why) = misfit(own, table, text) {
            let message = format!(
                "`{}` can't say which shard holds a row of table `{}`",
                text.value, table.spec.name.value
            );
            let found = Diagnostic::new(&SHARD_KEY, message).at(text.span, why);
            let column = table.column(&text.value);
            let place = column.map(|column| column.place);
            out.push(
                found
                    .and(place, "the column")
                    .help("name texts or whole numbers of the sorting key that the sender sent: `shard_by: [COLUMN, ...]`"),
            );
        }
    }
}

/// Why a column can't be hashed, or would be another one each time; none if it can.
fn misfit(own: &Declaration, table: &TypedTable<'_>, text: &Text) -> Option<String> {
    let Some(column) = table.column(&text.value) else {
        // A column that couldn't be resolved was reported.
        return (!table.may_have(&text.value)).then(|| "is no column of the table".into());
    };
    if own.order_by.iter().all(|key| key.value != text.value) {
        return Some(
            "isn't in the sorting key, so that rows of one key would be on several shards".into(),
        );
    }
    if column.is_made_here() {
        return Some("is made by the server's clock, and differs on every attempt".into());
    }
    if matches!(column.column.from, ColumnSource::ByType(_)) {
        return Some("is another field for each event type".into());
    }
    match is_text(column) {
        Some(_) => None,
        None => Some(format!("is {}", column.column.ty)),
    }
}

/// True for a text, false for a whole number; none for what isn't hashed alike here and in ClickHouse.
fn is_text(column: &Column) -> Option<bool> {
    match &column.column.ty {
        Type::String => Some(true),
        Type::LowCardinality(inner) if **inner == Type::String => Some(true),
        Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64 => Some(false),
        _ => None,
    }
}

/// How a table is divided; none if its database is on one server, or what is declared has mistakes.
pub(super) fn lower(own: &Declaration, table: &TypedTable<'_>) -> Option<Sharding> {
    let cluster = table.cluster?;
    let ddl = cluster.ddl.as_ref().map_or(Ddl::Hosts, |ddl| ddl.value);
    let said = |said: &Option<crate::syntax::spec::Located<bool>>, otherwise: bool| {
        said.as_ref().map_or(otherwise, |said| said.value)
    };
    // In the order of the table, whatever the order in which they are named.
    let named = columns(own, table);
    let is_named = |column: &&Column| named.iter().any(|text| text.value == column.column.name);
    let by = table.columns.iter().filter(is_named).filter_map(|column| {
        Some(ShardColumn {
            name: column.column.name.clone(),
            is_text: is_text(column)?,
        })
    });
    let shards = cluster.shards.as_ref().map_or(1, |shards| shards.value);
    Some(Sharding {
        by: by.collect(),
        cluster: Cluster {
            name: cluster
                .name
                .as_ref()
                .map(|n| n.value.clone())
                .unwrap_or_default(),
            shards: u32::try_from(shards).ok()?,
            replicated: said(&cluster.replicated, ddl != Ddl::Cloud),
            quorum: said(&cluster.quorum, false),
            ddl,
        },
    })
}

/// True if a cluster is one of ClickHouse Cloud.
fn is_cloud(cluster: &crate::syntax::spec::Cluster) -> bool {
    cluster
        .ddl
        .as_ref()
        .is_some_and(|ddl| ddl.value == Ddl::Cloud)
}
