//! Tables on a ClickHouse cluster: the statements of each way to carry them to its hosts, how a table that is there gets
//! divided, and how it gets more shards.
//!
//! After a change that is meant: UPDATE_GOLDEN=1 cargo test -p event-grpc-codegen --test emit

use std::fs;
use std::path::Path;

use event_grpc_codegen::model::{
    Cluster, Ddl, Destination, Model, Queue, ShardColumn, Sharding, of_shard,
};
use event_grpc_codegen::schema::history::History;
use event_grpc_codegen::schema::plan::plan;

use crate::golden::tree_of;
use crate::project::{HOUR, NOW, Project};
use crate::small::{self, clickhouse};

/// The small model with its usual database on a cluster, and the queues that this takes.
fn model(cluster: &Cluster) -> Model {
    let mut model = small::model();
    for table in &mut model.tables {
        let own = clickhouse(table);
        if own.database.is_none() {
            let id = own.order_by.last().unwrap().clone();
            own.sharding = Some(Sharding {
                cluster: cluster.clone(),
                by: vec![ShardColumn {
                    name: id,
                    is_text: true,
                }],
            });
        }
    }
    if cluster.ddl == Ddl::Cloud {
        return model;
    }
    let mut more = Vec::new();
    for queue in &model.queues {
        let Destination::Table(at) = queue.into else {
            continue;
        };
        if clickhouse(&mut model.tables[at].clone()).sharding.is_some() {
            more.extend((1..=u64::from(cluster.shards)).map(|shard| Queue {
                name: of_shard(&queue.name, shard),
                topic: None,
                foreign: None,
                partitions: None,
                bindings: Vec::new(),
                derived: true,
                ..queue.clone()
            }));
        }
    }
    model.queues.extend(more);
    model
}

fn cluster(ddl: Ddl, shards: u32, replicated: bool) -> Cluster {
    Cluster {
        name: "event-store".into(),
        shards,
        replicated,
        ddl,
        quorum: false,
    }
}

/// The one migration of the usual database.
fn sql(project: &Project, name: &str) -> String {
    let names: Vec<String> = project.names();
    let name = names.iter().find(|n| n.contains(name)).unwrap();
    project.sql(name)
}

fn golden(name: &str, sql: &str) {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/cluster/{name}.sql"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, sql).unwrap();
    }
    assert_eq!(sql, fs::read_to_string(&file).unwrap(), "{name}");
}

#[test]
fn each_way_of_ddl_has_its_statements() {
    for (name, ddl) in [
        ("hosts", Ddl::Hosts),
        ("on_cluster", Ddl::OnCluster),
        ("replicated_database", Ddl::ReplicatedDatabase),
        ("cloud", Ddl::Cloud),
    ] {
        let project = Project::new();
        project.run(&model(&cluster(ddl, 2, true)), NOW).unwrap();
        golden(name, &sql(&project, "create_event"));
    }
}

#[test]
fn a_divided_model_gives_the_golden_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/divided");
    let mut model = model(&cluster(Ddl::Hosts, 2, false));
    model.clients.clear();
    // The server's tests run this pipeline without Kafka.
    model.queues.iter_mut().for_each(|queue| queue.topic = None);
    let tree = tree_of(&model);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        tree.write(&root).unwrap();
    }
    if let Some(diff) = tree.check(&root).unwrap() {
        panic!("the golden files differ:\n{diff}");
    }
}

#[test]
fn a_table_that_is_there_is_divided_and_gets_more_shards_by_migrations() {
    divided_and_grown(true, ["divide", "grow"]);
    divided_and_grown(false, ["divide_plain", "grow_plain"]);
}

fn divided_and_grown(replicated: bool, [divide, grow]: [&str; 2]) {
    let project = Project::committed();
    let two = model(&cluster(Ddl::Hosts, 2, replicated));
    let notes = project.plan(&two, NOW + HOUR).unwrap().notes.join("\n");
    assert!(
        notes.contains("table event is divided among 2 shards of cluster event-store"),
        "{notes}"
    );
    project.run(&two, NOW + HOUR).unwrap();
    golden(divide, &sql(&project, "20261123T221500"));
    project.commit();
    assert!(
        project
            .plan(&two, NOW + 2 * HOUR)
            .unwrap()
            .written
            .is_empty()
    );

    let three = model(&cluster(Ddl::Hosts, 3, replicated));
    let notes = project
        .plan(&three, NOW + 2 * HOUR)
        .unwrap()
        .notes
        .join("\n");
    for part in [
        "table event has 3 shards instead of 2",
        "their messages wait",
    ] {
        assert!(notes.contains(part), "{notes}");
    }
    project.run(&three, NOW + 2 * HOUR).unwrap();
    golden(grow, &sql(&project, "20261123T231500"));
    project.commit();
    let kind = if replicated { "replicated" } else { "plain" };
    let named = format!("cluster event {kind} event-store");
    for part in [
        named.as_str(),
        "shards event 3",
        "shard_by event xxHash64(`event_id`)",
    ] {
        assert!(project.lock().contains(part), "{part}\n{}", project.lock());
    }
}

#[test]
fn columns_change_where_rows_are_first() {
    let project = Project::new();
    let mut model = model(&cluster(Ddl::Hosts, 2, true));
    project.run(&model, NOW).unwrap();
    project.commit();
    let event = model
        .tables
        .iter_mut()
        .find(|table| table.name == "event")
        .unwrap();
    let mut column = event.columns[0].clone();
    column.name = "copy".into();
    event.columns.push(column);
    project.run(&model, NOW + HOUR).unwrap();
    golden("alter", &sql(&project, "alter_event"));
}

#[test]
fn what_no_statement_makes_good_is_refused() {
    let project = Project::new();
    project
        .run(&model(&cluster(Ddl::Hosts, 3, true)), NOW)
        .unwrap();
    project.commit();
    let refused = |model: &Model| {
        let history = History::read(project.root()).unwrap();
        let refused = plan(model, &history, NOW + HOUR).unwrap_err();
        let lines = refused
            .iter()
            .map(|one| format!("{} {} {}", one.code, one.message, one.help));
        lines.collect::<Vec<_>>().join("\n")
    };
    let fewer = refused(&model(&cluster(Ddl::Hosts, 2, true)));
    assert!(
        fewer.contains("EG105 the number of shards of table `event` was `3` and is now `2`"),
        "{fewer}"
    );
    let plain = refused(&model(&cluster(Ddl::Hosts, 3, false)));
    assert!(
        plain.contains("was `replicated event-store` and is now `plain event-store`"),
        "{plain}"
    );
    let none = refused(&small::model());
    assert!(
        none.contains("the rows are in the tables of its shards"),
        "{none}"
    );
    let mut other = model(&cluster(Ddl::Hosts, 3, true));
    let by = &mut clickhouse(&mut other.tables[0])
        .sharding
        .as_mut()
        .unwrap()
        .by;
    by[0].is_text = false;
    assert!(refused(&other).contains("would be on two"));
}
