//! Rules about ids that are made of app events.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&ID_VERSION];

pub(crate) const ID_VERSION: Rule = Rule {
    code: "EG200",
    name: "id-version",
    purpose: "`ids` is a known version of the ids of app events that come without one.",
    text: "Version 1, the default, hashes the bytes of header and event as they came. Version 2 hashes their content, \
           so that map entries in another order, or JSON instead of protobuf, make the same id. All instances that \
           serve the same clients must use the same version, or a repeated request is stored twice: with `from`, a \
           time after the last instance will be replaced, events from before that time get ids of version 1 and later \
           ones of version 2, at every instance. docs/ids.md describes the change.",
    bad: "ids: 3",
    good: "ids: { version: 2, from: 2026-12-01T00:00:00Z }",
};
