//! What is released on branches and in clones, and what only a branch has.

use std::fs;

use event_grpc_codegen::schema::lock::LOCK;
use event_grpc_codegen::store::home::FOLDER;

use crate::project::{HOUR, NOW, Project};
use crate::repository::{
    CREATE, base, branch, clone, git, git_in, on_main, run, run_in, two_sides, with,
};
use crate::small;

#[test]
fn a_branch_corrects_its_own_unmerged_commit() {
    let project = on_main();
    branch(&project, "feature", &["region"], NOW + HOUR);
    let before = project.names();
    assert_eq!(before, [CREATE, "20261123T221500_alter_event.sql"]);
    assert!(base(project.root()).starts_with("main ("));

    // The column gets another name: nothing that was released is gone. The file gets another name, as servers refuse
    // another text under a name that they know.
    let notes = run(&project, &with(&["area"]), NOW + 2 * HOUR).unwrap();
    let names = project.names();
    assert_eq!(names, [CREATE, "20261123T231500_alter_event.sql"]);
    let sql = project.sql(&names[1]);
    assert!(sql.contains("`area`") && !sql.contains("`region`"), "{sql}");
    assert!(
        notes[0].contains(&before[1]) && notes[0].contains("has applied it"),
        "{notes:?}"
    );
    // Again, before and after the commit: the same.
    for hours in [3, 4] {
        run(&project, &with(&["area"]), NOW + hours * HOUR).unwrap();
        assert_eq!(project.names(), names);
        project.git(&["add", "--all"]);
        git(project.root(), &["commit", "--quiet", "--message", "more"]);
    }
    // No column after all.
    run(&project, &small::model(), NOW + 5 * HOUR).unwrap();
    assert_eq!(project.names(), [CREATE]);
}

#[test]
fn what_is_released_is_neither_edited_nor_removed_on_a_branch() {
    let project = on_main();
    branch(&project, "feature", &["region"], NOW + HOUR);
    let path = project.root().join(FOLDER).join(CREATE);
    let sql = project.sql(CREATE);
    fs::write(&path, "-- nothing\n").unwrap();
    project.commit();
    let told = run(&project, &with(&["region"]), NOW + HOUR).unwrap_err();
    assert!(
        told.starts_with("EG107") && told.contains("edited"),
        "{told}"
    );
    let at = git_in(project.root(), &["rev-parse", "--short=10", "main"]);
    assert!(told.contains(&format!("git checkout {at} -- ")), "{told}");
    fs::remove_file(&path).unwrap();
    let told = run(&project, &with(&["region"]), NOW + HOUR).unwrap_err();
    assert!(
        told.starts_with("EG107") && told.contains("removed"),
        "{told}"
    );
    fs::write(&path, sql).unwrap();
    run(&project, &with(&["region"]), NOW + HOUR).unwrap();
    let told = run(
        &project,
        &{
            let mut model = with(&["region"]);
            model.tables[0].columns.remove(5);
            model
        },
        NOW + HOUR,
    );
    assert!(told.unwrap_err().starts_with("EG103 column `country`"));
}

#[test]
fn two_migrations_of_a_branch_stay_until_its_declarations_change() {
    let project = on_main();
    branch(&project, "feature", &["one"], NOW + HOUR);
    // A former version of the generator wrote one migration for each commit; so does a base that is named.
    let root = project.root();
    run_in(root, Some("HEAD"), &with(&["one", "two"]), NOW + 2 * HOUR).unwrap();
    project.commit();
    let names = project.names();
    assert_eq!(names.len(), 3);
    run(&project, &with(&["one", "two"]), NOW + 3 * HOUR).unwrap();
    assert_eq!(project.names(), names);
    run(&project, &with(&["one", "three"]), NOW + 4 * HOUR).unwrap();
    assert_eq!(project.names(), [CREATE, "20261124T011500_alter_event.sql"]);
}

#[test]
fn what_a_person_wrote_on_a_branch_stays_where_it_is() {
    let project = on_main();
    branch(&project, "feature", &["region"], NOW + HOUR);
    let own = "20261123T230000_fill_in_regions.sql";
    let path = project.root().join(FOLDER).join(own);
    fs::write(&path, "ALTER TABLE event UPDATE region = 'x' WHERE 1;\n").unwrap();
    run(&project, &with(&["region"]), NOW + 2 * HOUR).unwrap();
    let names = project.names();
    assert_eq!(names, [CREATE, "20261123T221500_alter_event.sql", own]);
    project.commit();
    // Main gets a later one: the person is told, and nobody else touches the file.
    project.git(&["checkout", "--quiet", "main"]);
    run(&project, &with(&["theirs"]), NOW + 3 * HOUR).unwrap();
    project.commit();
    project.git(&["checkout", "--quiet", "feature"]);
    git(project.root(), &["merge", "main"]);
    let notes = run(&project, &with(&["theirs", "region"]), NOW + 4 * HOUR).unwrap();
    assert!(project.names().contains(&own.to_owned()));
    assert!(
        notes
            .iter()
            .any(|note| note.contains(own) && note.contains("by hand")),
        "{notes:?}"
    );
}

#[test]
fn a_shallow_clone_says_what_it_can_not_know() {
    let project = two_sides(3, 1);
    let shallow = clone(&project, &["--depth", "1", "--branch", "feature"]);
    let notes = run(&shallow, &with(&["mine"]), NOW + 4 * HOUR).unwrap();
    assert_eq!(base(shallow.root()), "HEAD");
    assert!(
        notes[0].contains("this clone is shallow and has no main branch"),
        "{notes:?}"
    );
    // With the main branch, and nothing in common.
    let main = "main:refs/remotes/origin/main";
    git_in(
        shallow.root(),
        &["fetch", "--quiet", "--depth", "1", "origin", main],
    );
    assert_eq!(base(shallow.root()), "the tip of origin/main");
    let told = run(&shallow, &with(&["mine"]), NOW + 4 * HOUR).unwrap_err();
    assert!(told.contains("column `theirs`"), "{told}");
    // With the history.
    git_in(
        shallow.root(),
        &["fetch", "--quiet", "--unshallow", "origin"],
    );
    assert!(base(shallow.root()).ends_with(", where the branch left origin/main"));
    let notes = run(&shallow, &with(&["mine"]), NOW + 4 * HOUR).unwrap();
    assert_eq!(notes, [""; 0]);
}

#[test]
fn a_build_server_compares_the_merge_of_a_pull_request_with_main() {
    let project = two_sides(1, 3);
    git(project.root(), &["merge", "feature"]);
    run(&project, &with(&["mine", "theirs"]), NOW + 4 * HOUR).unwrap();
    project.commit();
    project.git(&["branch", "merged"]);
    project.git(&["reset", "--quiet", "--hard", "HEAD^1"]);
    // With nothing but the merge, and with everything.
    let bare = Project::new();
    let from = format!("file://{}", project.root().display());
    git_in(bare.root(), &["fetch", "--quiet", &from, "merged"]);
    git_in(
        bare.root(),
        &["checkout", "--quiet", "--detach", "FETCH_HEAD"],
    );
    assert_eq!(base(bare.root()), "HEAD^1");
    let full = clone(&project, &[]);
    git_in(
        full.root(),
        &["checkout", "--quiet", "--detach", "origin/merged"],
    );
    assert!(base(full.root()).starts_with("origin/main ("));
    for at in [&bare, &full] {
        run(at, &with(&["mine", "theirs"]), NOW + 5 * HOUR).unwrap();
        assert_eq!(git_in(at.root(), &["status", "--porcelain"]), "");
    }
}

#[test]
fn the_main_branch_is_what_origin_says_and_a_stale_one_of_ones_own_counts_for_less() {
    let project = two_sides(1, 3);
    project.git(&["branch", "--move", "main", "develop"]);
    let clone = clone(&project, &[]);
    project.git(&["commit", "--quiet", "--allow-empty", "--message", "more"]);
    git_in(clone.root(), &["fetch", "--quiet"]);
    git_in(
        clone.root(),
        &["checkout", "--quiet", "-b", "topic", "origin/develop"],
    );
    assert_eq!(base(clone.root()), "HEAD");
    git_in(
        clone.root(),
        &["commit", "--quiet", "--allow-empty", "--message", "own"],
    );
    assert!(base(clone.root()).starts_with("origin/develop ("));
    // What is committed on the main branch itself is released.
    git_in(clone.root(), &["checkout", "--quiet", "develop"]);
    git_in(
        clone.root(),
        &["commit", "--quiet", "--allow-empty", "--message", "own"],
    );
    assert_eq!(base(clone.root()), "HEAD");
    // A pull of it: what the others have is released.
    git(
        clone.root(),
        &["merge", "--no-commit", "--no-ff", "origin/develop"],
    );
    assert!(base(clone.root()).starts_with("origin/develop ("));
}

#[test]
fn a_project_may_be_below_the_top_of_a_repository_and_in_a_worktree() {
    let outer = Project::new();
    outer.git(&["checkout", "--quiet", "-b", "main"]);
    let inner = outer.root().join("services/events");
    fs::create_dir_all(&inner).unwrap();
    run_in(&inner, None, &small::model(), NOW).unwrap();
    outer.commit();
    outer.git(&["worktree", "add", "--quiet", "-b", "feature", "tree"]);
    let inner = outer.root().join("tree/services/events");
    run_in(&inner, None, &with(&["region"]), NOW + HOUR).unwrap();
    git_in(&inner, &["add", "--all", "."]);
    git_in(&inner, &["commit", "--quiet", "--message", "feature"]);
    assert!(base(&inner).starts_with("main ("));
    run_in(&inner, None, &with(&["area"]), NOW + 2 * HOUR).unwrap();
    let lock = fs::read_to_string(inner.join(LOCK)).unwrap();
    assert!(lock.contains(" area ") && !lock.contains(" region "));
}

#[test]
fn a_base_can_be_named() {
    let project = on_main();
    branch(&project, "feature", &["region"], NOW + HOUR);
    let root = project.root();
    let told = run_in(root, Some("HEAD"), &with(&["area"]), NOW + 2 * HOUR).unwrap_err();
    assert!(told.starts_with("EG103 column `region`"), "{told}");
    for name in ["nowhere", "--all"] {
        let told = run_in(root, Some(name), &with(&["region"]), NOW).unwrap_err();
        assert!(told.contains("there is no such commit"), "{told}");
    }
    let plain = Project::plain();
    let told = run_in(plain.root(), Some("HEAD"), &small::model(), NOW).unwrap_err();
    assert!(told.contains("no git repository"), "{told}");
}
