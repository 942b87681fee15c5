//! What is masked where operators look at events.

use super::facts::Facts;
use super::kind::{Harm, Kind, NONE, PLAIN, at, yaml};
use crate::model::Model;
use crate::rules::contracts::PERSONAL_SHOWN;

/// A field that is personal.
pub(super) const PERSONAL: Kind = Kind {
    word: "personal",
    names: 1,
    rule: &PERSONAL_SHOWN,
    title: |s| format!("personal field `{}`", at(s, 0)),
    place: |_| yaml(&["personal"]),
    gone: Some(Harm {
        rows: "whoever may ask operations sees what was masked",
        instead: "keep it as long as anything of it is sent or stored",
        ..NONE
    }),
    ..PLAIN
};

pub(super) fn add(model: &Model, facts: &mut Facts) {
    for name in &model.personal {
        facts.add(&PERSONAL, &[name], "");
    }
}
