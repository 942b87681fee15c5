//! The version of the client libraries: one step for a branch, as large as what senders can do with it that they couldn't.

use std::fs;

use crate::branches::{add, project, run};
use crate::project::Project;

fn version(project: &Project) -> String {
    let text = fs::read_to_string(project.root().join("clients/version.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let description = fs::read_to_string(project.root().join("clients/openapi.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&description).unwrap();
    assert_eq!(description["info"]["version"], file["version"]);
    file["version"].as_str().unwrap().to_owned()
}

fn changelog(project: &Project) -> String {
    fs::read_to_string(project.root().join("clients/CHANGELOG.md")).unwrap()
}

fn branch(project: &Project, name: &str) {
    project.git(&["checkout", "--quiet", "main"]);
    project.git(&["checkout", "--quiet", "-b", name]);
}

#[test]
fn a_new_event_or_field_is_one_minor_version_however_often_a_branch_is_generated() {
    let project = project();
    assert_eq!(version(&project), "1.0.0");
    branch(&project, "gifts");
    add(&project, "proto/event/cart.proto", "GiftWrappedEvent", 65);
    run(&project);
    assert_eq!(version(&project), "1.1.0");
    assert_eq!(run(&project), Vec::<String>::new());
    project.commit();

    let cart = project.root().join("proto/event/cart.proto");
    let text = fs::read_to_string(&cart).unwrap();
    let with_field = text.replace(
        "  string cartId = 15;",
        "  string cartId = 15;\n  bool isGift = 17;",
    );
    fs::write(&cart, with_field).unwrap();
    run(&project);
    assert_eq!(version(&project), "1.1.0");
    let log = changelog(&project);
    let sections: Vec<&str> = log.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(sections, ["## 1.1.0", "## 1.0.0"]);
    assert!(log.contains("- New event `GiftWrappedEvent`"), "{log}");
    assert!(
        log.contains("- New field `isGift` of `AddToCartEvent`."),
        "{log}"
    );
    project.commit();

    // What is on main is released, and stays as it is.
    project.git(&["checkout", "--quiet", "main"]);
    project.git(&["merge", "--quiet", "gifts"]);
    assert_eq!(run(&project), Vec::<String>::new());
    branch(&project, "wishes");
    add(
        &project,
        "proto/event/product.proto",
        "WishlistAddedEvent",
        66,
    );
    run(&project);
    assert_eq!(version(&project), "1.2.0");
}

#[test]
fn other_words_and_other_code_are_a_patch_and_tests_are_nothing() {
    let project = project();
    branch(&project, "words");
    let file = project.root().join("clients/go/tests/queue_test.go");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "package tests\n").unwrap();
    run(&project);
    assert_eq!(version(&project), "1.0.0");
    fs::write(
        project.root().join("clients/go/queue.go"),
        "package eventgrpc\n",
    )
    .unwrap();
    run(&project);
    assert_eq!(version(&project), "1.0.1");
    project.commit();
    assert_eq!(run(&project), Vec::<String>::new());

    branch(&project, "comments");
    let cart = project.root().join("proto/event/cart.proto");
    let text = fs::read_to_string(&cart).unwrap();
    fs::write(
        &cart,
        text.replace("The kind of checkout.", "Which kind of checkout it is."),
    )
    .unwrap();
    run(&project);
    assert_eq!(version(&project), "1.0.1");
    assert!(changelog(&project).contains("## 1.0.1\n\n- Other words or other code."));
}
