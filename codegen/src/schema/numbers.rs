//! Numbers that two things got, as on two branches: the released one keeps it, and the other one gets the next free one.

use super::contract::reserved;
use super::lock::{Field, Lock};
use crate::base::diagnostic::{Diagnostic, Sources, Span};
use crate::rules::reading::PROTO;

/// Numbers that protobuf keeps for itself.
const KEPT: std::ops::RangeInclusive<i64> = 19_000..=19_999;

/// A field or an enum value on a line of a proto file.
struct Declared<'a> {
    /// Its type; empty for an enum value.
    ty: &'a str,
    name: &'a str,
    number: i64,
}

/// What to do about a field that another one is in the place of.
pub(super) fn renumber(
    (message, number): (&str, u32),
    before: &Field,
    after: &Field,
    base: &Lock,
    now: &Lock,
) -> String {
    // The field that has moved goes back to its number.
    let others = now.fields.iter();
    let others = others.filter(|((of, _), field)| of == message && field.name != before.name);
    let free = free(
        message,
        others.map(|((_, number), _)| i64::from(*number)),
        base,
        now,
    );
    format!(
        "`{}` is released with the number {number}: put back `{} {} = {number};`, and give the new field the next free number: \
         `{} {} = {free};`",
        before.name, before.ty, before.name, after.ty, after.name
    )
}

/// What to do about an enum value that another one is in the place of.
pub(super) fn renumber_value(
    (of, number): (&str, i32),
    before: &str,
    after: &str,
    base: &Lock,
    now: &Lock,
) -> String {
    let others = now.values.iter();
    let others = others.filter(|((name, _), value)| name == of && *value != before);
    let free = free(
        of,
        others.map(|((_, number), _)| i64::from(*number)),
        base,
        now,
    );
    format!(
        "put back `{before} = {number};`: tables hold its name. A new value gets the next free number: `{after} = {free};`"
    )
}

/// The next number behind those of a message or an enum that are released, and others.
fn free(of: &str, others: impl Iterator<Item = i64>, base: &Lock, now: &Lock) -> i64 {
    let fields = base.fields.keys().filter(|(name, _)| name == of);
    let values = base.values.keys().filter(|(name, _)| name == of);
    let released = fields.map(|(_, number)| i64::from(*number));
    let used = released.chain(values.map(|(_, number)| i64::from(*number)));
    let last = used.chain(others).max().unwrap_or_default();
    let is_free =
        |number: &i64| !KEPT.contains(number) && !reserved::number(of, *number, &now.contracts);
    (last + 1..).find(is_free).unwrap_or(last + 1)
}

/// True if two fields or two enum values have one number, which make no model.
pub(crate) fn is_doubled(found: &[Diagnostic]) -> bool {
    found.iter().any(is_number)
}

fn is_number(found: &Diagnostic) -> bool {
    let is =
        |start: &str, end: &str| found.message.starts_with(start) && found.message.ends_with(end);
    found.code == PROTO.code
        && (is("field number ", " is already used") || is("enum number ", " has already been used"))
}

/// Says of them which one is released, and what number the other one gets.
pub(crate) fn doubled(found: &mut [Diagnostic], base: &Lock, sources: &Sources) {
    for diagnostic in found.iter_mut().filter(|found| is_number(found)) {
        let labels = [&diagnostic.secondary, &diagnostic.primary];
        let spans = labels.into_iter().flatten().map(|label| label.span);
        if let Some(help) = released(&spans.collect::<Vec<_>>(), base, sources) {
            diagnostic.help = Some(help);
        }
    }
}

fn released(spans: &[Span], base: &Lock, sources: &Sources) -> Option<String> {
    let [first, second] = spans else { return None };
    let text = &sources.file(second.file)?.text;
    let (one, other) = (on_line(text, first)?, on_line(text, second)?);
    let is =
        |number: i64, name: &str| number == one.number && [one.name, other.name].contains(&name);
    let of = around(text, second)?;
    let in_it = |full: &str| full.rsplit('.').next() == Some(of);
    let fields = base
        .fields
        .iter()
        .map(|((of, number), field)| (of, i64::from(*number), &field.name));
    let values = base
        .values
        .iter()
        .map(|((of, number), name)| (of, i64::from(*number), name));
    let mut known = fields.chain(values);
    let (of, number, name) = known.find(|(of, number, name)| in_it(of) && is(*number, name))?;
    let new = if one.name == name { other } else { one };
    // What reserves numbers in the file isn't compiled; what is released reserves them still.
    let free = free(
        of,
        body(text, second).filter_map(declared).map(|d| d.number),
        base,
        base,
    );
    let line = format!("{} {} = {free};", new.ty, new.name);
    Some(format!(
        "`{name}` is released with the number {number}; give `{}` the next free one: `{}`",
        new.name,
        line.trim_start()
    ))
}

/// The name of the message or the enum around a place.
fn around<'a>(text: &'a str, span: &Span) -> Option<&'a str> {
    let lines = text.get(..span.start)?.lines().rev();
    let mut names = lines.filter_map(|line| {
        let line = line.trim_start();
        let name = line
            .strip_prefix("message ")
            .or_else(|| line.strip_prefix("enum "))?;
        name.split([' ', '{']).find(|word| !word.is_empty())
    });
    names.next()
}

/// The lines between the braces around a place.
fn body<'a>(text: &'a str, span: &Span) -> impl Iterator<Item = &'a str> {
    let start = text.get(..span.start).and_then(|before| before.rfind('{'));
    let end = text.get(span.start..).and_then(|behind| behind.find('}'));
    let end = end.map_or(text.len(), |end| span.start + end);
    text.get(start.unwrap_or(0)..end)
        .unwrap_or_default()
        .lines()
}

/// What is declared on the line of a place.
fn on_line<'a>(text: &'a str, span: &Span) -> Option<Declared<'a>> {
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
    declared(text.get(start..)?.lines().next()?)
}

fn declared(line: &str) -> Option<Declared<'_>> {
    let (before, number) = line.split_once('=')?;
    let digits = number.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let number = digits.get(..end.unwrap_or(digits.len()))?.parse().ok()?;
    let before = before.trim();
    let (ty, name) = before.rsplit_once(' ').unwrap_or(("", before));
    let ty = ty.trim();
    Some(Declared { ty, name, number })
}
