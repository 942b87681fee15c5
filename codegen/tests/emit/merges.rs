//! What is released in the middle of merges, rebases and cherry-picks, and which migrations there are behind them.

use std::fs;

use event_grpc_codegen::store::home::FOLDER;

use crate::project::{HOUR, NOW};
use crate::repository::{CREATE, base, branch, git, git_in, on_main, run, two_sides, with};

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
fn two_branches_that_are_merged_before_main_has_either_make_one_migration() {
    let project = on_main();
    branch(&project, "one", &["one"], NOW + HOUR);
    project.git(&["checkout", "--quiet", "main"]);
    branch(&project, "two", &["two"], NOW + 2 * HOUR);
    git(project.root(), &["merge", "one"]);
    assert!(base(project.root()).starts_with("main ("));
    run(&project, &with(&["one", "two"]), NOW + 3 * HOUR).unwrap();
    let names = project.names();
    assert_eq!(names, [CREATE, "20261124T001500_alter_event.sql"]);
    let sql = project.sql(&names[1]);
    assert!(sql.contains("`one`") && sql.contains("`two`"), "{sql}");
}

#[test]
fn a_branch_that_goes_on_after_main_has_squashed_it_keeps_what_is_released() {
    let project = on_main();
    branch(&project, "feature", &["one"], NOW + HOUR);
    project.git(&["checkout", "--quiet", "main"]);
    project.git(&["merge", "--squash", "--quiet", "feature"]);
    project.commit();
    project.git(&["checkout", "--quiet", "feature"]);
    let theirs = project.names().remove(1);
    let sql = project.sql(&theirs);
    run(&project, &with(&["one", "two"]), NOW + 2 * HOUR).unwrap();
    project.commit();
    git(project.root(), &["merge", "main"]);
    run(&project, &with(&["one", "two"]), NOW + 3 * HOUR).unwrap();
    let names = project.names();
    assert_eq!(names, [CREATE, &*theirs, "20261123T231500_alter_event.sql"]);
    assert_eq!(project.sql(&theirs), sql);
    assert!(!project.sql(&names[2]).contains("EXISTS `one`"));
}
