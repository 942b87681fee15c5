//! `without_nulls`: the object without the members that are null.

use super::definition::Definition;

pub(super) const WITHOUT_NULLS: Definition = Definition {
    name: "without_nulls",
    usage: "without_nulls",
    input: "as `with`",
    output: "the object without the members that are null; objects inside of it stay as they are",
    print: |_, _, on| on.through_object("without_nulls", &[]),
    makes_object: true,
    variable: "object",
    ..Definition::OBJECT
};
