//! Fingerprints: what changes them, and which ones a build knows as its ancestors.

use std::fs;

use event_grpc_codegen::model::{ColumnSource, Destination, Format, Function, Model, Root, To};
use event_grpc_codegen::schema::ancestors::{Ancestors, SCHEMAS};
use event_grpc_codegen::schema::fingerprint::fingerprint;

use crate::branches::{add, project, run};
use crate::project::{HOUR, NOW, Project};
use crate::small;

const CART: &str = "proto/event/cart.proto";

/// Fingerprint of the small model after a change.
fn changed(change: impl FnOnce(&mut Model)) -> String {
    let mut model = small::model();
    change(&mut model);
    fingerprint(&model)
}

#[test]
fn a_fingerprint_changes_with_what_a_message_means() {
    let mut found = vec![fingerprint(&small::model())];
    found.push(changed(|model| model.any_of.clear()));
    found.push(changed(|model| {
        model.tables[0].columns.swap_remove(1).name.clear()
    }));
    found.push(changed(|model| {
        match &mut model.tables[0].columns[0].from {
            ColumnSource::Value(value) => value.functions.push(Function::new("lower")),
            ColumnSource::ByType(_) => panic!("a value"),
        }
    }));
    found.push(changed(|model| {
        match &mut model.tables[0].columns[0].from {
            ColumnSource::Value(value) => value.root = Root::Constant("x".into()),
            ColumnSource::ByType(_) => panic!("a value"),
        }
    }));
    found.push(changed(|model| {
        model.queues[0].into = Destination::Table(1)
    }));
    found.push(changed(|model| {
        model.queues[0].bindings[0].routing_key.push('x')
    }));
    found.push(changed(|model| model.queues[0].dead_letter = None));
    found.push(changed(|model| model.sources[0].exchange.push('x')));
    found.push(changed(|model| {
        model.requests[0].idempotency_key = Some("other".into())
    }));
    found.push(changed(|model| {
        model.requests[0].targets[0].to = To::Topic {
            name: "posts".into(),
            format: Format::Json,
            key: None,
        }
    }));
    found.push(changed(|model| {
        if let To::Topic { format, .. } = &mut model.requests[1].targets[0].to {
            *format = Format::Protobuf;
        }
    }));
    let count = found.len();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), count);
}

#[test]
fn a_fingerprint_stays_where_a_message_means_what_it_meant() {
    let before = fingerprint(&small::model());
    let after = changed(|model| {
        for table in &mut model.tables {
            table.doc.push_str(" More.");
            table.columns.iter_mut().for_each(|column| {
                column.doc.push_str(" More.");
                column.written = format!("  {}", column.written);
            });
        }
        for queue in &mut model.queues {
            (queue.workers, queue.prefetch, queue.retries) = (99, 99, 99);
            queue.batch.rows += 1;
        }
        model.queues.reverse();
        model.sources[0].pool.workers += 1;
        model.requests[0].timeout_ms += 1;
        model.migrations_table.push('x');
    });
    assert_eq!(after, before);
}

/// Fingerprints in the file, without their times.
fn known(project: &Project) -> Vec<String> {
    let text = fs::read_to_string(project.root().join(SCHEMAS)).unwrap();
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

fn current(project: &Project) -> String {
    fs::read_to_string(project.root().join("generated/fingerprint.txt")).unwrap()
}

#[test]
fn a_comment_makes_no_schema_and_what_is_not_committed_no_ancestor() {
    let project = project();
    let (first, all) = (current(&project), known(&project));
    assert!(all.contains(&first));
    let edit = |text: &str| {
        let path = project.root().join(CART);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{before}\n{text}\n")).unwrap();
    };
    edit("// Nothing else.");
    run(&project);
    assert_eq!(
        (current(&project), known(&project)),
        (first.clone(), all.clone())
    );

    // Two runs over two thoughts: the second is known, the first was in no build.
    edit("message First {\n  int64 a = 1;\n}");
    run(&project);
    let thought = current(&project);
    edit("message Second {\n  int64 a = 1;\n}");
    run(&project);
    let second = current(&project);
    let found = known(&project);
    assert!(found.contains(&first) && found.contains(&second) && !found.contains(&thought));
    assert_eq!(found.len(), all.len() + 1);

    // It keeps the time of its first run.
    let before = fs::read_to_string(project.root().join(SCHEMAS)).unwrap();
    let again = Ancestors::read(project.root(), &second).unwrap();
    assert_eq!(again.with(&second, NOW + HOUR).render(), before);
}

#[test]
fn a_merge_descends_from_both_sides() {
    let project = project();
    let mut sides = vec![current(&project)];
    for (branch, file, event, number) in [
        ("one", CART, "GiftWrappedEvent", 65),
        ("two", "proto/event/product.proto", "WishlistAddedEvent", 66),
    ] {
        project.git(&["checkout", "--quiet", "main"]);
        project.git(&["checkout", "--quiet", "-b", branch]);
        add(&project, file, event, number);
        run(&project);
        project.commit();
        sides.push(current(&project));
    }
    // Whatever the worktree has of the other side, the commits have both.
    project.git(&["merge", "--no-commit", "--strategy", "ours", "one"]);
    add(&project, CART, "GiftWrappedEvent", 67);
    run(&project);
    let found = known(&project);
    assert!(
        sides.iter().all(|side| found.contains(side)),
        "{sides:?} {found:?}"
    );
    assert!(found.contains(&current(&project)));
}
