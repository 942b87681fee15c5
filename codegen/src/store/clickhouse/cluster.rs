//! A table on a cluster: `T_local` on each host holds the rows of its shard, and `T` on each host, a Distributed table
//! over them, is what people query.

use super::in_order::InOrder;
use super::{ddl, indexes, rebuild};
use crate::base::refusal::{Place, Refusal};
use crate::model::{ClickHouse, Cluster, Ddl, Sharding, Table};
use crate::rules::history::TABLE_KEYS;
use crate::store::change::{self, Alter};
use crate::store::{Dialect as _, TableFacts, VERSION};

/// Stands above a statement that is carried out on each host of the cluster.
const EACH_HOST: &str = "-- on: each host";

/// Stands above a statement that is carried out on one host of each shard.
const EACH_SHARD: &str = "-- on: each shard";

/// Stands in a statement for the number of the shard that it is carried out on, from 0.
const SHARD: &str = "{shard:UInt32}";

/// What inserts by former instances may take, and the time after which they look at the cluster again.
const WAIT: &str = "105 s";

/// Memory, threads and time of a move of rows to their shards.
const MOVE: &str = "distributed_foreground_insert = 1, max_threads = 2, max_insert_threads = 1, max_memory_usage = 4000000000, \
     max_execution_time = 0";

/// The name of a table on each shard.
pub(super) fn local(table: &str) -> String {
    format!("{table}_local")
}

/// The hash of a row, as ClickHouse computes it. The server computes the same (`src/contract/table/sharding.rs`).
pub(super) fn hash(sharding: &Sharding) -> String {
    let text = |column: &crate::model::ShardColumn| match column.is_text {
        true => ddl::name(&column.name),
        false => format!("toString({})", ddl::name(&column.name)),
    };
    match sharding.by.as_slice() {
        [one] => format!("xxHash64({})", text(one)),
        all => {
            let texts: Vec<String> = all.iter().map(text).collect();
            format!("xxHash64(concat({}))", texts.join(", '|', "))
        }
    }
}

/// What the lock remembers of the cluster: its name and kind, its shards, and the hash.
pub(super) fn facts(own: &ClickHouse) -> [String; 3] {
    match own.divided() {
        None => Default::default(),
        Some(sharding) => {
            let Cluster {
                name,
                shards,
                replicated,
                ..
            } = &sharding.cluster;
            let kind = match replicated {
                true => "replicated",
                false => "plain",
            };
            [format!("{kind} {name}"), shards.to_string(), hash(sharding)]
        }
    }
}

/// Statements that make both tables.
pub(super) fn create(own: &ClickHouse, sharding: &Sharding, table: &Table) -> Vec<String> {
    vec![
        create_local(own, sharding, table),
        create_distributed(own, sharding, table),
    ]
}

fn create_local(own: &ClickHouse, sharding: &Sharding, table: &Table) -> String {
    let cluster = &sharding.cluster;
    let name = local(&table.name);
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {}\n{}\n{}",
        target(cluster, &name),
        ddl::columns_and_indexes(own, table),
        ddl::keeping(own, table, &engine(own, cluster, &name))
    );
    on(cluster, EACH_HOST, create)
}

fn create_distributed(own: &ClickHouse, sharding: &Sharding, table: &Table) -> String {
    let cluster = &sharding.cluster;
    let create = distributed(own, sharding, table, &target(cluster, &table.name));
    on(cluster, EACH_HOST, create)
}

/// `CREATE TABLE` of a Distributed table over the local ones.
fn distributed(own: &ClickHouse, sharding: &Sharding, table: &Table, target: &str) -> String {
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS {target}\n{}\nENGINE = Distributed({}, currentDatabase(), {}, {})",
        ddl::columns(own, table),
        ddl::text(&sharding.cluster.name),
        ddl::text(&local(&table.name)),
        hash(sharding)
    );
    if !table.doc.is_empty() {
        sql.push_str(&format!("\nCOMMENT {}", ddl::text(&table.doc)));
    }
    sql
}

/// The engine of the local table. Its path in Keeper ends with the time of its migration, so that a table that is made
/// anew never finds what is left of another one.
fn engine(own: &ClickHouse, cluster: &Cluster, table: &str) -> String {
    if !cluster.replicated {
        return own.engine.clone();
    }
    let (family, arguments) = match own.engine.split_once('(') {
        Some((family, rest)) => (family.trim(), rest.trim_end().trim_end_matches(')')),
        None => (own.engine.trim(), ""),
    };
    if cluster.ddl == Ddl::ReplicatedDatabase {
        return format!("Replicated{}", own.engine);
    }
    let path = format!("/clickhouse/tables/{{shard}}/{{database}}/{table}/g{VERSION}");
    let more = match arguments.trim() {
        "" => String::new(),
        arguments => format!(", {arguments}"),
    };
    format!(
        "Replicated{family}({}, '{{replica}}'{more})",
        ddl::text(&path)
    )
}

/// The table of a statement.
fn target(cluster: &Cluster, table: &str) -> String {
    match cluster.ddl {
        Ddl::OnCluster => format!(
            "{} ON CLUSTER {}",
            ddl::name(table),
            ddl::text(&cluster.name)
        ),
        Ddl::Hosts | Ddl::ReplicatedDatabase | Ddl::Cloud => ddl::name(table),
    }
}

/// A statement with the line that says where it is carried out, if that is not ClickHouse's business.
fn on(cluster: &Cluster, hosts: &str, statement: String) -> String {
    match cluster.ddl {
        Ddl::Hosts => format!("{hosts}\n{statement}"),
        Ddl::OnCluster | Ddl::ReplicatedDatabase | Ddl::Cloud => statement,
    }
}

/// Statements that change the columns of both tables: of those that hold rows first, so that there is always what the
/// other one asks for.
pub(super) fn alter(
    own: &ClickHouse,
    sharding: &Sharding,
    table: &Table,
    before: &TableFacts,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let columns = own.columns(table);
    let cluster = &sharding.cluster;
    let of = |name: &str, refused: &mut Vec<Refusal>| {
        let target = target(cluster, name);
        let mut alter: Box<dyn Alter> = Box::new(InOrder::new(own, &target, before, &columns));
        change::columns(&table.name, before, &columns, alter.as_mut(), refused)
    };
    let here = local(&table.name);
    let of_columns = of(&here, refused);
    let mut of_local = indexes::around(own, &target(cluster, &here), table, before, of_columns);
    let of_all = of(&table.name, &mut Vec::new());
    if before.settings != ddl::settings(own) {
        of_local.push(ddl::set(&target(cluster, &here), own));
    }
    let local = of_local.into_iter().map(|sql| match cluster.replicated {
        true => on(
            cluster,
            EACH_SHARD,
            format!("{sql} SETTINGS alter_sync = 2"),
        ),
        false => on(cluster, EACH_HOST, sql),
    });
    let all = of_all.into_iter().map(|sql| on(cluster, EACH_HOST, sql));
    local.chain(all).collect()
}

/// Refuses that the cluster of a table that is there changes in a way that no statement makes good.
pub(super) fn refuse(
    own: &ClickHouse,
    table: &Table,
    before: &TableFacts,
    refused: &mut Vec<Refusal>,
) {
    let [cluster, shards, hash] = facts(own);
    let mut refuse = |what: &str, was: &str, is: &str, help: &str| {
        refused.push(Refusal {
            code: TABLE_KEYS.code,
            place: Place::Table(table.name.clone()),
            message: format!(
                "{what} of table `{}` was `{was}` and is now `{is}`",
                table.name
            ),
            help: help.to_owned(),
        });
    };
    if before.cluster.is_empty() {
        return;
    }
    if cluster.is_empty() {
        let help = "put `cluster` back: the rows are in the tables of its shards; to go back to one server, declare another \
                    database and copy them";
        return refuse("the cluster", &before.cluster, "none", help);
    }
    if before.cluster != cluster {
        let help = "put it back: the tables that are there keep their engine and their place in Keeper; to move to another \
                    cluster, declare another database and copy the rows";
        refuse("the cluster", &before.cluster, &cluster, help);
    }
    if before.shard_by != hash {
        let help = "put `shard_by` back: rows that are stored stay on the shard of their former hash, and the same event sent \
                    again would be on two";
        refuse("the hash", &before.shard_by, &hash, help);
    }
    let number = |text: &str| text.parse::<u32>().unwrap_or_default();
    if number(&shards) < number(&before.shards) {
        let help = "put it back: a shard that goes takes its rows with it; declare another database with fewer shards and copy them";
        refuse("the number of shards", &before.shards, &shards, help);
    }
}

/// True if a table that is there gets more shards.
pub(super) fn grows(own: &ClickHouse, before: &TableFacts) -> bool {
    let [_, shards, _] = facts(own);
    !before.cluster.is_empty() && !shards.is_empty() && before.shards != shards
}

/// True if a table that is there on one server is divided among the shards of a cluster.
pub(super) fn divides(own: &ClickHouse, before: &TableFacts) -> bool {
    before.cluster.is_empty() && own.divided().is_some()
}

/// Statements that move the rows of a table to the shards that they belong to, now that there are more. They come after
/// new hosts have their tables. Each can be carried out again: what was moved already replaces itself.
pub(super) fn grow(sharding: &Sharding, table: &Table) -> Vec<String> {
    let Sharding { cluster, .. } = sharding;
    let here = local(&table.name);
    let (local, all, text) = (ddl::name(&here), ddl::name(&table.name), ddl::text(&here));
    let strays = format!("{} % {} != {SHARD}", hash(sharding), cluster.shards);
    vec![
        format!(
            "-- Rows of {} move to the shard that their hash says, of {} shards; docs/clusters.md describes the steps.\n\
             {EACH_SHARD}\n-- wait: {WAIT}\n-- for each partition: SELECT partition_id, sum(rows), sum(bytes_on_disk), '' FROM \
             system.parts WHERE database = currentDatabase() AND table = {text} AND active GROUP BY partition_id ORDER BY \
             partition_id\nINSERT INTO {all} SELECT * FROM {local} FINAL WHERE _partition_id = {{partition:String}} AND \
             {strays}\nSETTINGS {MOVE}",
            ddl::name(&table.name),
            cluster.shards
        ),
        format!(
            "-- They are where they belong; what is left of them goes.\n{EACH_SHARD}\nALTER TABLE {local} DELETE WHERE {strays} \
             SETTINGS mutations_sync = 2"
        ),
    ]
}

/// What it costs to move rows to their shards.
pub(super) fn cost(own: &ClickHouse, table: &Table, before: &TableFacts) -> Option<String> {
    let sharding = own.divided()?;
    let (name, shards) = (&table.name, sharding.cluster.shards);
    if divides(own, before) {
        return Some(format!(
            "table {name} is divided among {shards} shards of cluster {}: each of its rows is read and written once more, one \
             partition after the other, while it is in use; until the old table, {name}_before_…, is dropped by hand, both take \
             room (docs/clusters.md)",
            sharding.cluster.name
        ));
    }
    grows(own, before).then(|| {
        format!(
            "table {name} has {shards} shards instead of {}: rows whose hash says another shard now are copied there and deleted \
             where they were. Instances that know {} shards hold their rows back from the moment that the cluster has {shards}, \
             and their messages wait (docs/clusters.md)",
            before.shards, before.shards
        )
    })
}

/// Statements that divide a table that is there on one server, one of the cluster's, among the shards.
pub(super) fn divide(own: &ClickHouse, sharding: &Sharding, table: &Table) -> Vec<String> {
    let names = rebuild::Names::of(table);
    let here = format!(
        "FROM system.tables WHERE database = currentDatabase() AND name = {} AND engine LIKE '%MergeTree'",
        ddl::text(&table.name)
    );
    let until = format!("-- if: SELECT count() > 0 {here}");
    let after = distributed(own, sharding, table, &names.after);
    let undone = ddl::text(&format!(
        "{} still is on one server, because two migrations ran at the same time; run one again",
        table.name
    ));
    let swap = rebuild::Swap {
        what: format!(
            "Table {} is divided among the shards of a cluster; docs/clusters.md describes the steps.",
            names.here
        ),
        check: rebuild::check(table, &names),
        create: after,
        settings: MOVE,
        done: format!("SELECT throwIf(count() > 0, {undone})\n{here}\nFORMAT Null"),
        until,
    };
    let mut statements = vec![create_local(own, sharding, table)];
    statements.extend(rebuild::swap(&names, &swap));
    statements.push(create_distributed(own, sharding, table));
    statements
}

/// The statements that one server would carry out for a table, for both tables of a cluster.
pub(super) fn both(
    sharding: &Sharding,
    table: &str,
    statements: impl Fn(&str) -> Vec<String>,
) -> Vec<String> {
    let cluster = &sharding.cluster;
    let hosts = match cluster.replicated {
        true => EACH_SHARD,
        false => EACH_HOST,
    };
    let of_local = statements(&local(table))
        .into_iter()
        .map(|sql| (hosts, sql));
    let of_all = statements(table).into_iter().map(|sql| (EACH_HOST, sql));
    of_local
        .chain(of_all)
        .map(|(hosts, sql)| on(cluster, hosts, sql))
        .collect()
}
