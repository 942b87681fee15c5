//! One number that two branches took: the released field keeps it, whichever text is in the file.

use std::fs;

use event_grpc_codegen::{Failure, generate};

use crate::branches::{ENVELOPE, add, project, run};
use crate::project::{NOW, Project};
use crate::repository::git;

const CART: &str = "proto/event/cart.proto";
const PRODUCT: &str = "proto/event/product.proto";
const RELEASED: &str = "    WishlistAddedEvent WishlistAddedEvent = 65;\n";
const OWN: &str = "    GiftWrappedEvent GiftWrappedEvent = 65;\n";

/// Main and the branch `gifts` have both taken the number 65; the branch is merged with main, or main with it.
fn merged(into: &str) -> Project {
    let project = project();
    project.git(&["checkout", "--quiet", "-b", "gifts"]);
    add(&project, CART, "GiftWrappedEvent", 65);
    run(&project);
    project.commit();
    project.git(&["checkout", "--quiet", "main"]);
    add(&project, PRODUCT, "WishlistAddedEvent", 65);
    run(&project);
    project.commit();
    project.git(&["checkout", "--quiet", into]);
    let other = if into == "main" { "gifts" } else { "main" };
    assert!(
        !git(project.root(), &["merge", other]).0,
        "it is in conflict"
    );
    project
}

/// Writes lines in the place of the conflict in the envelope's file.
fn resolve(project: &Project, lines: &str) {
    let path = project.root().join(ENVELOPE);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = match text.split_once("<<<<<<< ") {
        Some((before, rest)) => {
            let (_, rest) = rest.split_once(">>>>>>> ").unwrap();
            (
                before.to_owned(),
                rest.split_once('\n').unwrap().1.to_owned(),
            )
        }
        None => {
            let at = text.find("hostActionEvent = 64;\n").unwrap() + 22;
            let end = at + text[at..].find("  }\n").unwrap();
            (text[..at].to_owned(), text[end..].to_owned())
        }
    };
    fs::write(path, format!("{before}{lines}{rest}")).unwrap();
}

/// What is said first, and the help.
fn told(project: &Project) -> (String, String) {
    match generate(project.root(), NOW) {
        Err(Failure::Mistakes(found, _)) => {
            let first = found.first().unwrap();
            let help = first.help.clone().unwrap_or_default();
            (format!("{} {}", first.code, first.message), help)
        }
        Err(failure) => panic!("{failure}"),
        Ok(_) => panic!("it should be refused"),
    }
}

#[test]
fn a_number_that_two_branches_took_is_the_released_ones_in_both_directions_of_the_merge() {
    for into in ["gifts", "main"] {
        let project = merged(into);
        // Both with the number: the one to change is the branch's.
        resolve(&project, &format!("{RELEASED}{OWN}"));
        let (message, help) = told(&project);
        assert!(message.starts_with("EG008 field number '65'"), "{message}");
        let way = "`WishlistAddedEvent` is released with the number 65; give `GiftWrappedEvent` the next free one: \
                   `GiftWrappedEvent GiftWrappedEvent = 66;`";
        assert_eq!(help, way);
        resolve(&project, &format!("{OWN}{RELEASED}"));
        assert_eq!(told(&project).1, way);

        // The wrong one renumbered.
        resolve(&project, &format!("{OWN}{}", RELEASED.replace("65", "66")));
        let (message, help) = told(&project);
        assert_eq!(
            message,
            "EG101 field 65 of `event.Event`, `WishlistAddedEvent`, has become field 66, and `GiftWrappedEvent` has its \
             number"
        );
        assert_eq!(
            help,
            "`WishlistAddedEvent` is released with the number 65: put back `event.WishlistAddedEvent WishlistAddedEvent = \
             65;`, and give the new field the next free number: `event.GiftWrappedEvent GiftWrappedEvent = 66;`"
        );
        // Only the branch's.
        resolve(&project, OWN);
        let (message, _) = told(&project);
        assert!(
            message.contains("`WishlistAddedEvent`, is now called"),
            "{message}"
        );

        // The right one, which is told to be right before and after it is committed.
        resolve(&project, &format!("{RELEASED}{}", OWN.replace("65", "66")));
        run(&project);
        project.commit();
        let tree = generate(project.root(), NOW).unwrap();
        assert_eq!(tree.check(project.root()).unwrap(), None);
        let lock = project.lock();
        assert!(lock.contains("field event.Event 65 EventOf.WishlistAddedEvent "));
        assert!(lock.contains("field event.Event 66 EventOf.GiftWrappedEvent "));
    }
}

#[test]
fn a_branch_gives_its_own_field_another_number_and_another_name() {
    let project = project();
    project.git(&["checkout", "--quiet", "-b", "gifts"]);
    add(&project, CART, "GiftWrappedEvent", 65);
    run(&project);
    project.commit();
    for declared in [
        OWN.replace("65", "70"),
        OWN.replace(" GiftWrappedEvent =", " gift ="),
    ] {
        resolve(&project, &declared);
        run(&project);
    }
    assert!(
        project
            .lock()
            .contains("field event.Event 65 EventOf.gift ")
    );
}

#[test]
fn a_number_of_an_enum_that_two_branches_took_is_the_released_ones() {
    const FILE: &str = "proto/event/kinds.proto";
    let project = project();
    let declare = |values: &str| {
        let values: Vec<String> = values
            .split(' ')
            .map(|v| v.replace('=', " = ") + ";")
            .collect();
        let text = format!(
            "syntax = \"proto3\";\npackage event;\n\nenum Kind {{\n  {}\n}}\n",
            values.join("\n  ")
        );
        fs::write(project.root().join(FILE), text).unwrap();
    };
    declare("NONE=0 GIFT=1");
    run(&project);
    project.commit();
    declare("NONE=0 GIFT=1 WISH=1 CARD=2");
    assert_eq!(
        told(&project).1,
        "`GIFT` is released with the number 1; give `WISH` the next free one: `WISH = 3;`"
    );
    declare("NONE=0 WISH=1 GIFT=2");
    let (message, help) = told(&project);
    assert_eq!(
        message,
        "EG101 value 1 of `event.Kind`, `GIFT`, is now called `WISH`"
    );
    assert!(
        help.ends_with("A new value gets the next free number: `WISH = 2;`"),
        "{help}"
    );
    declare("NONE=0 GIFT=1 WISH=2");
    run(&project);
}
