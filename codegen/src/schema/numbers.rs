//! Numbers that two things got, as on two branches: the released one keeps it, and the other one gets the next free one.

use super::contract::reserved;
use super::lock::{Field, Lock};
use crate::base::diagnostic::{Diagnostic, Sources, Span};
use crate::rules::reading::PROTO;

/// Numbers that protobuf keeps for itself.
const KEPT: std::ops::RangeInclusive<u32> = 19_000..=19_999;

/// The next free number of a message's fields. `but` is a field that goes back to the number that it had.
pub(super) fn next(message: &str, but: &str, base: &Lock, now: &Lock) -> u32 {
    let of = |(name, _): &(String, u32)| name == message;
    let released = base.fields.keys().filter(|key| of(key));
    let others = now
        .fields
        .iter()
        .filter(|(key, field)| of(key) && field.name != but);
    let used = released.chain(others.map(|(key, _)| key));
    let last = used.map(|(_, number)| *number).max().unwrap_or_default();
    let is_free = |number: &u32| {
        !KEPT.contains(number) && !reserved::number(message, (*number).into(), &now.contracts)
    };
    (last + 1..).find(is_free).unwrap_or(last + 1)
}

/// What to do about a field that another one is in the place of.
pub(super) fn renumber(
    (message, number): (&str, u32),
    before: &Field,
    after: &Field,
    base: &Lock,
    now: &Lock,
) -> String {
    let free = next(message, &before.name, base, now);
    format!(
        "`{}` is released with the number {number}: put back `{} {} = {number};`, and give the new field the next free number: \
         `{} {} = {free};`",
        before.name, before.ty, before.name, after.ty, after.name
    )
}

/// True if two fields have one number.
pub(crate) fn is_doubled(found: &[Diagnostic]) -> bool {
    found.iter().any(is_number)
}

fn is_number(found: &Diagnostic) -> bool {
    found.code == PROTO.code
        && found.help.is_none()
        && found.message.starts_with("field number ")
        && found.message.ends_with(" is already used")
}

/// Says of two fields with one number, which make no model, which of them is released and what number the other one gets.
pub(crate) fn doubled(found: &mut [Diagnostic], base: &Lock, sources: &Sources) {
    for diagnostic in found.iter_mut().filter(|found| is_number(found)) {
        let labels = [&diagnostic.secondary, &diagnostic.primary];
        let declared: Vec<(&str, &str, u32)> = labels
            .into_iter()
            .flatten()
            .filter_map(|label| declaration(sources, &label.span))
            .collect();
        let [one, other] = declared[..] else {
            continue;
        };
        let released = base.fields.iter().find_map(|((message, number), field)| {
            let names = [one, other].map(|(_, name, _)| name);
            let is = *number == one.2 && names.contains(&field.name.as_str());
            is.then_some((message, field))
        });
        diagnostic.help = released.map(|(message, field)| {
            let (ty, name, number) = match one.1 == field.name {
                true => other,
                false => one,
            };
            let free = next_in(message, base, sources, &diagnostic.primary.as_ref().map(|l| l.span));
            format!(
                "`{}` is released with the number {number}; give `{name}` the next free one: `{ty} {name} = {free};`",
                field.name
            )
        });
    }
}

/// The next free number of a message that can't be compiled: behind all that are released, and all in its file around it.
fn next_in(message: &str, base: &Lock, sources: &Sources, at: &Option<Span>) -> u32 {
    let mut now = Lock::default();
    let text = at.and_then(|span| Some((span, sources.file(span.file)?)));
    if let Some((span, file)) = text {
        // The braces around the place end what counts.
        let start = file.text.get(..span.start).and_then(|t| t.rfind('{'));
        let end = file.text.get(span.start..).and_then(|t| t.find('}'));
        let body = file
            .text
            .get(start.unwrap_or(0)..span.start + end.unwrap_or(0));
        for (ty, name, number) in body.unwrap_or_default().lines().filter_map(field) {
            let (name, ty) = (name.to_owned(), ty.to_owned());
            let oneof = None;
            let key = (message.to_owned(), number);
            now.fields.insert(key, Field { name, oneof, ty });
        }
    }
    now.contracts = base.contracts.clone();
    next(message, "", base, &now)
}

/// The field that is declared on the line of a place.
fn declaration<'a>(sources: &'a Sources, span: &Span) -> Option<(&'a str, &'a str, u32)> {
    let text = &sources.file(span.file)?.text;
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
    field(text.get(start..)?.lines().next()?)
}

/// Type, name and number of a field that is declared on a line.
fn field(line: &str) -> Option<(&str, &str, u32)> {
    let (declared, number) = line.split_once('=')?;
    let digits = number.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let number = digits.get(..end.unwrap_or(digits.len()))?.parse().ok()?;
    let (ty, name) = declared.trim().rsplit_once(' ')?;
    Some((ty.trim(), name, number))
}
