//! Subexpressions that several values have in common: each is computed once, where the first of them needs it.
//!
//! A value is a root and the functions that it goes through, so that what two values can have in common is how they
//! begin. Nothing is computed earlier than the first value that begins with it, so that what fails first stays the
//! same. What a value may not need at all, as the other side of `coalesce`, is never computed ahead.

use crate::function::code::{Code, Yields};
use crate::function::{self, Open};
use crate::model::{Function, Root, Value};
use crate::render::view::names::{Taken, snake};

/// The first steps of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prefix {
    root: Root,
    functions: Vec<Function>,
    /// Shared first step of the next function: a parsed user agent, whichever part of it is asked for. The name of its
    /// variable.
    opened: Option<&'static str>,
}

/// The prefixes that several values have in common, and the variables of those that were computed.
#[derive(Debug, Default)]
pub struct Shared {
    common: Vec<Prefix>,
    bound: Vec<(Prefix, Code)>,
    taken: Taken,
    statements: Vec<String>,
}

// === impl Shared ===

impl Shared {
    /// Shared prefixes of these values, in the order in which they are computed. Variables get names that aren't taken.
    pub fn among<'v>(values: impl Iterator<Item = &'v Value>, taken: Taken) -> Self {
        // By prefix: the different steps that follow it; none for the end of a value.
        let mut uses: Vec<(Prefix, Vec<Option<Prefix>>)> = Vec::new();
        for value in values {
            let mut chain = prefixes(value).into_iter().peekable();
            while let Some(prefix) = chain.next() {
                let next = chain.peek().cloned();
                let at = match uses.iter().position(|(known, _)| *known == prefix) {
                    Some(at) => at,
                    None => {
                        uses.push((prefix, Vec::new()));
                        uses.len() - 1
                    }
                };
                if let Some((prefix, nexts)) = uses.get_mut(at) {
                    // What is read of a user agent borrows from it, so that it has to be kept for each of them.
                    if next.is_none() || prefix.opened.is_some() || !nexts.contains(&next) {
                        nexts.push(next);
                    }
                }
            }
        }
        let common = uses.into_iter().filter(|(_, nexts)| nexts.len() > 1);
        Shared {
            common: common.map(|(prefix, _)| prefix).collect(),
            taken,
            ..Shared::default()
        }
    }

    /// The code of a prefix: its variable where several values begin with it, which the first of them binds.
    pub(super) fn bind(&mut self, prefix: &Prefix, code: Code) -> Code {
        if let Some((_, bound)) = self.bound.iter().find(|(known, _)| known == prefix) {
            return bound.clone();
        }
        if prefix.is_place() || code.attempt.is_some() || !self.common.contains(prefix) {
            return code;
        }
        // What `with` gives is perhaps a map of its own, which can't be held like one.
        if code.yields == Yields::Made && !prefix.makes_map() {
            return code;
        }
        let name = self.taken.claim(prefix.variable());
        let (computed, bound) = held(&name, code);
        self.statements.push(format!("let {name} = {computed};"));
        self.bound.push((prefix.clone(), bound.clone()));
        bound
    }

    /// The statements that bind what was asked for since the last time.
    pub fn statements(&mut self) -> Vec<String> {
        std::mem::take(&mut self.statements)
    }
}

/// Binding of a variable, and the expression to use it any number of times.
fn held(name: &str, code: Code) -> (String, Code) {
    let (computed, rust, yields) = match (code.yields, code.optional) {
        (Yields::Cow | Yields::Owned, false) => {
            (format!("&*{}", code.rust), name.to_owned(), Yields::Str)
        }
        (Yields::Cow | Yields::Owned, true) => {
            (code.rust, format!("{name}.as_deref()"), Yields::Str)
        }
        (Yields::Made, false) => (code.rust, format!("&{name}"), Yields::Object),
        (Yields::Made, true) => (code.rust, format!("{name}.as_ref()"), Yields::Object),
        (yields, _) => (code.rust, name.to_owned(), yields),
    };
    let bound = Code {
        rust,
        yields,
        optional: code.optional,
        attempt: None,
    };
    (computed, bound)
}

// === impl Prefix ===

impl Prefix {
    /// The root alone.
    pub(super) fn of(root: &Root) -> Self {
        Prefix {
            root: root.clone(),
            functions: Vec::new(),
            opened: None,
        }
    }

    /// One function more.
    pub(super) fn push(&mut self, step: &Function) {
        // These say what a column is, and do nothing to its values.
        if !function::of(step).is_label {
            self.functions.push(step.clone());
        }
    }

    /// The prefix, and then the shared first step of a function.
    pub(super) fn opened(&self, open: &Open) -> Self {
        Prefix {
            opened: Some(open.variable),
            ..self.clone()
        }
    }

    /// True if its code only names a place where the value already is.
    fn is_place(&self) -> bool {
        match (&self.root, self.functions.last()) {
            _ if self.opened.is_some() => false,
            (_, Some(last)) => function::of(last).open.is_some(),
            (Root::Body(path), None) => path.is_empty(),
            (Root::Untyped { .. } | Root::HeaderOf(_), None) => false,
            (_, None) => true,
        }
    }

    /// True if its object is a map, and not perhaps one.
    fn makes_map(&self) -> bool {
        let last = self.functions.last();
        last.is_some_and(|last| function::of(last).makes_object)
    }

    /// Name of its variable.
    fn variable(&self) -> String {
        if let Some(opened) = self.opened {
            return opened.to_owned();
        }
        let of = match &self.root {
            Root::Header(path)
            | Root::Event(path)
            | Root::PayloadField(path)
            | Root::Body(path) => path.last().map(|field| field.name()),
            Root::Untyped { keys, .. } => keys.last().map(String::as_str),
            Root::HeaderOf(name) => Some(name.as_str()),
            _ => None,
        };
        let last = self.functions.last().map(function::of);
        let what = last.map_or("value", |last| last.variable);
        format!("{}_{what}", snake(of.unwrap_or("the")))
    }
}

/// All prefixes of a value, the shortest first.
fn prefixes(value: &Value) -> Vec<Prefix> {
    let mut prefix = Prefix::of(&value.root);
    let mut all = Vec::new();
    // A value inside a Struct is read as what the first function says.
    let said = value
        .functions
        .first()
        .is_some_and(|first| function::of(first).scalar.is_some());
    if !(said && matches!(value.root, Root::Untyped { .. })) {
        all.push(prefix.clone());
    }
    for step in &value.functions {
        if let Some(open) = &function::of(step).open {
            all.push(prefix.opened(open));
        }
        let before = prefix.functions.len();
        prefix.push(step);
        if prefix.functions.len() > before {
            all.push(prefix.clone());
        }
    }
    all
}
