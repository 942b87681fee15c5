//! What is released, in every state that a repository can be in: branches, merges, rebases, cherry-picks, clones.

use std::fs;

use event_grpc_codegen::schema::lock::LOCK;
use event_grpc_codegen::store::home::FOLDER;

use crate::project::{HOUR, NOW, Project};
use crate::repository::{base, branch, clone, git, git_in, on_main, run, run_in, with};
use crate::small;

const CREATE: &str = "20261123T211500_create_event_and_2_more.sql";

/// Main has got a column at one hour, and a branch another one at the other.
fn two_sides(of_main: u64, of_branch: u64) -> Project {
    let project = on_main();
    branch(&project, "feature", &["mine"], NOW + of_branch * HOUR);
    project.git(&["checkout", "--quiet", "main"]);
    run(&project, &with(&["theirs"]), NOW + of_main * HOUR).unwrap();
    project.commit();
    project
}

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
fn main_merged_into_a_branch_keeps_its_migration_and_the_branchs_own_is_generated_behind_it() {
    let project = two_sides(3, 1);
    let theirs = "20261124T001500_alter_event.sql";
    let sql = project.sql(theirs);
    project.git(&["checkout", "--quiet", "feature"]);
    // The lock and nothing else is in conflict.
    let (well, _) = git(project.root(), &["merge", "main"]);
    assert!(!well && project.lock().contains("<<<<<<<"));
    assert!(base(project.root()).starts_with("main ("));
    run(&project, &with(&["theirs", "mine"]), NOW + 4 * HOUR).unwrap();
    let mine = "20261124T011500_alter_event.sql";
    assert_eq!(project.names(), [CREATE, theirs, mine]);
    assert_eq!(project.sql(theirs), sql);
    let own = project.sql(mine);
    assert!(
        own.contains("`mine`") && own.contains("AFTER `theirs`"),
        "{own}"
    );
    assert!(!own.contains("ADD COLUMN IF NOT EXISTS `theirs`"), "{own}");
    project.commit();
    run(&project, &with(&["theirs", "mine"]), NOW + 5 * HOUR).unwrap();
    assert_eq!(project.names(), [CREATE, theirs, mine]);
    assert_eq!(git_in(project.root(), &["status", "--porcelain"]), "");
}

#[test]
fn a_migration_of_a_branch_that_is_later_than_mains_is_generated_upon_it() {
    let project = two_sides(1, 3);
    project.git(&["checkout", "--quiet", "feature"]);
    git(project.root(), &["merge", "main"]);
    run(&project, &with(&["mine", "theirs"]), NOW + 4 * HOUR).unwrap();
    let (theirs, names) = ("20261123T221500_alter_event.sql", project.names());
    // On top of main it says the same, and so it keeps its name.
    assert_eq!(names, [CREATE, theirs, "20261124T001500_alter_event.sql"]);
    assert!(project.sql(&names[2]).contains("`mine` String"));
    // Behind the column of main it says something else.
    run(&project, &with(&["theirs", "mine"]), NOW + 5 * HOUR).unwrap();
    let names = project.names();
    assert_eq!(names, [CREATE, theirs, "20261124T021500_alter_event.sql"]);
    assert!(project.sql(&names[2]).contains("AFTER `theirs`"));
}

#[test]
fn a_branch_merged_on_main_never_costs_mains_migration() {
    for (of_main, of_branch, kept) in [(3, 1, false), (1, 3, true)] {
        let project = two_sides(of_main, of_branch);
        let theirs = project.names().remove(1);
        let sql = project.sql(&theirs);
        git(project.root(), &["merge", "feature"]);
        assert_eq!(base(project.root()), "HEAD");
        run(&project, &with(&["mine", "theirs"]), NOW + 4 * HOUR).unwrap();
        let names = project.names();
        assert_eq!(names.len(), 3, "{names:?}");
        assert_eq!(project.sql(&theirs), sql);
        let last = match kept {
            true => "20261124T001500_alter_event.sql",
            false => "20261124T011500_alter_event.sql",
        };
        assert_eq!(names[2], last);
        assert!(!project.sql(last).contains("EXISTS `theirs`"));
        project.commit();
        run(&project, &with(&["mine", "theirs"]), NOW + 5 * HOUR).unwrap();
        assert_eq!(project.names(), names);
    }
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
fn in_the_middle_of_a_rebase_main_is_released_and_the_branch_is_not() {
    let project = two_sides(3, 1);
    let theirs = project.names().remove(1);
    let sql = project.sql(&theirs);
    project.git(&["checkout", "--quiet", "feature"]);
    let (well, _) = git(project.root(), &["rebase", "main"]);
    assert!(!well && project.lock().contains("<<<<<<<"));
    assert_eq!(base(project.root()), "HEAD");
    run(&project, &with(&["theirs", "mine"]), NOW + 4 * HOUR).unwrap();
    let names = [CREATE, &*theirs, "20261124T011500_alter_event.sql"];
    assert_eq!(project.names(), names);
    assert_eq!(project.sql(&theirs), sql);
    project.git(&["add", "--all"]);
    git_in(project.root(), &["rebase", "--continue"]);
    assert!(base(project.root()).starts_with("main ("));
    run(&project, &with(&["theirs", "mine"]), NOW + 5 * HOUR).unwrap();
    assert_eq!(project.names(), names);

    // A second commit of the branch, replayed on the first: that one is its own as well.
    project.git(&["checkout", "--quiet", "main"]);
    run(&project, &with(&["theirs", "more"]), NOW + 6 * HOUR).unwrap();
    project.commit();
    project.git(&["checkout", "--quiet", "feature"]);
    run(&project, &with(&["theirs", "mine", "two"]), NOW + 7 * HOUR).unwrap();
    project.commit();
    git(project.root(), &["rebase", "main"]);
    run(&project, &with(&["theirs", "more", "mine"]), NOW + 8 * HOUR).unwrap();
    project.git(&["add", "--all"]);
    let (well, _) = git(project.root(), &["rebase", "--continue"]);
    assert!(!well, "the second commit is in conflict, too");
    assert!(base(project.root()).starts_with("main ("));
    let all = with(&["theirs", "more", "mine", "two"]);
    run(&project, &all, NOW + 9 * HOUR).unwrap();
    let names = project.names();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(project.sql(&names[3]).contains("`two`"));
}

#[test]
fn what_is_rebased_without_a_main_branch_is_not_released() {
    let project = two_sides(3, 1);
    for (from, to) in [("main", "trunk"), ("feature", "topic")] {
        project.git(&["branch", "--move", from, to]);
    }
    project.git(&["checkout", "--quiet", "topic"]);
    git(project.root(), &["rebase", "trunk"]);
    assert_eq!(base(project.root()), "the commit that is rebased onto");
}

#[test]
fn a_released_migration_that_is_cherry_picked_stays_as_it_is() {
    let project = two_sides(1, 2);
    project.git(&["checkout", "--quiet", "-b", "other", "main~1"]);
    project.git(&["commit", "--quiet", "--allow-empty", "--message", "own"]);
    project.git(&["cherry-pick", "main"]);
    let theirs = project.names().remove(1);
    let sql = project.sql(&theirs);
    let notes = run(&project, &with(&["theirs"]), NOW + 3 * HOUR).unwrap();
    assert_eq!(project.names(), [CREATE, &*theirs]);
    assert!(notes[0].contains("is released: main has it"), "{notes:?}");
    // What comes beside it is a migration of its own, without what is released.
    run(&project, &with(&["theirs", "more"]), NOW + 4 * HOUR).unwrap();
    let names = project.names();
    assert_eq!(names.len(), 3);
    assert_eq!(project.sql(&theirs), sql);
    assert!(!project.sql(&names[2]).contains("EXISTS `theirs`"));
    fs::write(project.root().join(FOLDER).join(&theirs), "").unwrap();
    let told = run(&project, &with(&["theirs"]), NOW + 5 * HOUR).unwrap_err();
    assert!(told.starts_with("EG107"), "{told}");
}

#[test]
fn a_commit_of_a_branch_that_is_cherry_picked_on_main_is_a_change_of_main() {
    let project = two_sides(3, 1);
    let (well, _) = git(project.root(), &["cherry-pick", "feature"]);
    assert!(!well);
    assert_eq!(base(project.root()), "HEAD");
    run(&project, &with(&["mine", "theirs"]), NOW + 4 * HOUR).unwrap();
    let names = project.names();
    let theirs = "20261124T001500_alter_event.sql";
    assert_eq!(names, [CREATE, theirs, "20261124T011500_alter_event.sql"]);
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
