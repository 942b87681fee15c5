//! Rules about ids that are made of app events.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&ID_VERSION];

pub(crate) const ID_VERSION: Rule = Rule {
    code: "EG200",
    name: "id-version",
    purpose: "`ids` is a version of how ids are made of app events that come without one.",
    text: "Version 1, which holds where nothing is said, hashes the bytes of header and event as they came. Version 2 \
           hashes what they say, so that the entries of a map in another order, or JSON instead of protobuf, make the \
           same id. All instances that serve the same clients must make the same, or a request that is sent again is \
           stored twice: with `from`, a time that lies ahead when the last instance is replaced, events of before that \
           time get ids of version 1 and later ones of version 2, at every instance. docs/ids.md tells how to go over.",
    bad: "ids: 3",
    good: "ids: { version: 2, from: 2026-12-01T00:00:00Z }",
};
