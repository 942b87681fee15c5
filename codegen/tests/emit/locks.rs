//! Locks that don't tell any more what is released: each is refused, with what to do.

use std::fs;

use event_grpc_codegen::schema::lock::LOCK;
use event_grpc_codegen::store::home::FOLDER;

use crate::project::{HOUR, NOW, Project};
use crate::repository::{edit_lock, git_in, on_main, run, run_in, with};
use crate::small;

/// From a lock to another one.
type Edit = fn(&str) -> String;

/// What is said after a lock was committed that an edit has made.
fn after(edit: impl FnOnce(&str) -> String) -> (Project, String) {
    let project = on_main();
    edit_lock(&project, edit);
    project.commit();
    let told = run(&project, &with(&["region"]), NOW + HOUR).unwrap_err();
    (project, told)
}

/// Without the lines that begin with a text.
fn without(lock: &str, start: &str) -> String {
    let kept = lock.lines().filter(|line| !line.starts_with(start));
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_committed_lock_that_is_not_whole_is_refused_with_the_last_one_that_was() {
    let edits: [(&str, Edit); 7] = [
        ("is empty in HEAD", |_| String::new()),
        ("is empty in HEAD", |lock| {
            format!("{}\n# end\n", lock.lines().next().unwrap())
        }),
        ("its last line, `# end`, is missing", |lock| {
            let lines: Vec<&str> = lock.split_inclusive('\n').collect();
            lines[..lines.len() - 3].concat()
        }),
        ("ends in the middle of a line", |lock| {
            lock[..lock.len() - 9].to_owned()
        }),
        ("is there twice", |lock| {
            let fact = lock.lines().nth(7).unwrap();
            lock.replace(fact, &format!("{fact}\n{fact}"))
        }),
        ("contradicts", |lock| {
            let fact = lock.lines().nth(1).unwrap();
            lock.replace(fact, &format!("{fact}\n{fact}x"))
        }),
        (
            "lacks the line of migrations/clickhouse/20261123T",
            |lock| without(lock, "migration 2026"),
        ),
    ];
    for (words, edit) in edits {
        let (project, told) = after(edit);
        assert!(told.contains(words), "{words}: {told}");
        let good = git_in(project.root(), &["rev-parse", "--short", "HEAD~1"]);
        let way = format!("git checkout {good} -- {LOCK}");
        assert!(
            told.contains(&way) && told.contains("--base none"),
            "{told}"
        );

        // Until it is restored, the one before can be the base.
        run_in(project.root(), Some(&good), &with(&["region"]), NOW + HOUR).unwrap();
        project.git(&["reset", "--quiet", "--hard"]);
        project.git(&["clean", "--quiet", "-d", "--force"]);
        project.git(&["checkout", &good, "--", LOCK]);
        project.commit();
        run(&project, &with(&["region"]), NOW + HOUR).unwrap();
        assert_eq!(project.names().len(), 2);
    }
}

#[test]
fn a_lock_that_was_deleted_in_a_commit_is_refused_and_one_that_never_was_is_not() {
    let project = on_main();
    fs::remove_file(project.root().join(LOCK)).unwrap();
    project.commit();
    let told = run(&project, &small::model(), NOW + HOUR).unwrap_err();
    assert!(told.contains("is missing in HEAD"), "{told}");
    // With all migrations as well.
    fs::remove_dir_all(project.root().join("migrations")).unwrap();
    fs::write(project.root().join("pipeline.yaml"), "sources: {}\n").unwrap();
    project.commit();
    let told = run(&project, &small::model(), NOW + HOUR).unwrap_err();
    assert!(told.contains("is missing in HEAD"), "{told}");
    // On a branch it is no better.
    project.git(&["checkout", "--quiet", "-b", "feature"]);
    project.git(&["commit", "--quiet", "--allow-empty", "--message", "more"]);
    let told = run(&project, &small::model(), NOW + HOUR).unwrap_err();
    assert!(told.contains("is missing in main ("), "{told}");
    // It was deliberate.
    project.git(&["checkout", "--quiet", "main"]);
    run_in(project.root(), Some("none"), &small::model(), NOW + HOUR).unwrap();
    project.commit();
    run(&project, &small::model(), NOW + 2 * HOUR).unwrap();

    // A project whose declarations were committed before they were generated for the first time.
    let project = Project::new();
    fs::write(project.root().join("pipeline.yaml"), "sources: {}\n").unwrap();
    project.commit();
    run(&project, &small::model(), NOW).unwrap();
}

#[test]
fn a_lock_that_is_gone_or_spoilt_on_disk_is_written_again_if_git_has_it() {
    let project = on_main();
    let lock = project.lock();
    fs::remove_file(project.root().join(LOCK)).unwrap();
    run(&project, &small::model(), NOW + HOUR).unwrap();
    assert_eq!(project.lock(), lock);
    for spoilt in ["", "<<<<<<< HEAD\n", "nothing\n"] {
        edit_lock(&project, |_| spoilt.to_owned());
        run(&project, &small::model(), NOW + HOUR).unwrap();
        assert_eq!(project.lock(), lock);
    }
}

#[test]
fn without_git_a_lock_that_is_missing_empty_or_lacks_a_migration_is_refused() {
    let project = Project::plain();
    run(&project, &small::model(), NOW).unwrap();
    let lock = project.lock();
    let told = || run(&project, &small::model(), NOW + HOUR).unwrap_err();
    fs::remove_file(project.root().join(LOCK)).unwrap();
    assert!(told().contains("is missing in the project's folder"));
    edit_lock_to(&project, "");
    assert!(told().contains("is empty"));
    edit_lock_to(&project, &without(&lock, "migration 2026"));
    assert!(told().contains("lacks the line of migrations/clickhouse/20261123T"));
    edit_lock_to(&project, &lock);
    run(&project, &small::model(), NOW + HOUR).unwrap();
    // Anew: the files that are there stay, and the next one makes only what isn't there.
    fs::remove_file(project.root().join(LOCK)).unwrap();
    run_in(project.root(), Some("none"), &small::model(), NOW + HOUR).unwrap();
    let names = project.names();
    assert_eq!(names.len(), 2);
    assert_eq!(
        project
            .sql(&names[1])
            .matches("CREATE TABLE IF NOT EXISTS")
            .count(),
        3
    );
}

fn edit_lock_to(project: &Project, text: &str) {
    fs::write(project.root().join(LOCK), text).unwrap();
}

#[test]
fn a_checkout_that_git_can_not_read_is_told() {
    let project = Project::plain();
    run(&project, &small::model(), NOW).unwrap();
    fs::write(project.root().join(".git"), "gitdir: nowhere\n").unwrap();
    let notes = run(&project, &small::model(), NOW + HOUR).unwrap();
    assert!(
        notes[0].contains("git isn't installed or doesn't answer"),
        "{notes:?}"
    );
}

#[test]
fn a_migration_that_a_person_committed_without_a_run_is_taken_in() {
    let project = on_main();
    let own = "20261123T213000_fill_in_countries.sql";
    let path = project.root().join(FOLDER).join(own);
    fs::write(&path, "SELECT 1;\n").unwrap();
    project.commit();
    run(&project, &small::model(), NOW + HOUR).unwrap();
    assert!(project.lock().contains(&format!("migration {own} ")));
    // It is released, and can't be edited any more.
    fs::write(&path, "SELECT 2;\n").unwrap();
    let told = run(&project, &small::model(), NOW + HOUR).unwrap_err();
    assert!(told.starts_with("EG107"), "{told}");
}
