//! `datetime("FORMAT", "ZONE")`: text in a format and zone as an instant.
//!
//! A format has to be whole; whether it has fractions decides about the type, and one with an offset takes no zone.

use chrono::format::{Fixed, Item, Numeric, StrftimeItems};
use chrono::{DateTime, NaiveDateTime};

use super::code::{Code, Printer, Unwritable, Yields};
use super::definition::{Definition, absent_like, is_text, text};
use super::reading::{Parameter, Read, Reading};
use crate::base::diagnostic::Diagnostic;
use crate::base::literal::literal;
use crate::base::names::nearest;
use crate::model::{Argument, Type};
use crate::rules::columns::BAD_ARGUMENT;

pub(super) const DATETIME: Definition = Definition {
    name: "datetime",
    usage: "datetime(\"%Y-%m-%d %H:%M:%S\", \"Asia/Kolkata\")",
    input: "text; the format as in strftime, the zone from the IANA database, UTC if left out; no zone where the \
            format has an offset (`%:z`)",
    output: "DateTime('UTC'); DateTime64(6, 'UTC') where the format has fractions (`%.f`)",
    parameters: &[Parameter::Text, Parameter::OptionalText],
    arguments,
    result: |arguments, input| {
        is_text(input).then(|| {
            let fraction = has_fraction(text(arguments, 0));
            absent_like(
                input,
                match fraction {
                    true => Type::Micros,
                    false => Type::DateTime,
                },
            )
        })
    },
    print,
    variable: "time",
    ..Definition::TEXT
};

fn print(printer: &dyn Printer, arguments: &[Argument], on: Code) -> Result<Code, Unwritable> {
    let (format, zone) = (text(arguments, 0), text(arguments, 1));
    let (name, yields) = match has_fraction(format) {
        true => ("datetime_micros", Yields::Micros),
        false => ("datetime", Yields::Seconds),
    };
    let call = format!(
        "function::{name}({}, {}, {})",
        printer.text(on)?.as_str()?,
        literal(format),
        literal(zone)
    );
    Ok(printer.attempt(call, yields, true))
}

/// The format and an IANA zone; `UTC` if not given, empty if the text has an offset of its own.
fn arguments(reading: &Reading<'_>) -> Read<Vec<Argument>> {
    let (format, zone) = match &reading.call.arguments[..] {
        [format] => (format, None),
        [format, zone] => (format, Some(zone)),
        _ => return Ok(Vec::new()),
    };
    let text = reading.text;
    if !is_whole(&format.text) {
        let message = format!("`{}` does not describe a date and a time", format.text);
        let found = Diagnostic::new(&BAD_ARGUMENT, message)
            .at(text.part(format.range.clone()), "not a full format")
            .help("year, month, day, hour, minute and second, as in \"%Y-%m-%d %H:%M:%S\"");
        return Err(Box::new(found));
    }
    let offset = has_offset(&format.text);
    let zone_name = zone.map_or("UTC", |zone| zone.text.as_str());
    if let (true, Some(zone)) = (offset, zone) {
        let found = Diagnostic::new(&BAD_ARGUMENT, "a time with an offset needs no zone")
            .at(text.part(zone.range.clone()), "one zone too many")
            .and(Some(text.part(format.range.clone())), "has an offset")
            .help("leave the zone out");
        return Err(Box::new(found));
    }
    if let (Err(_), Some(zone)) = (zone_name.parse::<chrono_tz::Tz>(), zone) {
        let message = format!("there is no time zone `{zone_name}`");
        let zones: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name()).collect();
        let help = match nearest(zone_name, &zones) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "zones are named as in the IANA database, such as Asia/Kolkata".to_owned(),
        };
        let found = Diagnostic::new(&BAD_ARGUMENT, message)
            .at(text.part(zone.range.clone()), "unknown zone")
            .help(help);
        return Err(Box::new(found));
    }
    Ok(vec![
        Argument::Text(format.text.clone()),
        Argument::Text(if offset { "" } else { zone_name }.to_owned()),
    ])
}

fn has_offset(format: &str) -> bool {
    use Fixed::{TimezoneOffset, TimezoneOffsetColon, TimezoneOffsetColonZ, TimezoneOffsetZ};
    StrftimeItems::new(format).any(|item| {
        matches!(
            item,
            Item::Fixed(
                TimezoneOffset | TimezoneOffsetColon | TimezoneOffsetColonZ | TimezoneOffsetZ
            )
        )
    })
}

/// chrono keeps some kinds of fractions to itself: a fraction is what writes moments of one second differently.
fn has_fraction(format: &str) -> bool {
    StrftimeItems::new(format).any(|item| match item {
        Item::Numeric(Numeric::Nanosecond, _) => true,
        Item::Fixed(Fixed::Internal(_)) => true,
        Item::Fixed(fixed) => matches!(
            fixed,
            Fixed::Nanosecond | Fixed::Nanosecond3 | Fixed::Nanosecond6 | Fixed::Nanosecond9
        ),
        _ => false,
    })
}

/// True if a time survives being written in the format and read back.
fn is_whole(format: &str) -> bool {
    use std::fmt::Write as _;

    let nanos = if has_fraction(format) { 123_000_000 } else { 0 };
    let Some(sample) = DateTime::from_timestamp(1_700_000_001, nanos) else {
        return false;
    };
    let mut written = String::new();
    if write!(written, "{}", sample.format(format)).is_err() {
        return false;
    }
    match has_offset(format) {
        true => DateTime::parse_from_str(&written, format).is_ok_and(|read| read == sample),
        false => NaiveDateTime::parse_from_str(&written, format) == Ok(sample.naive_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_must_hold_a_whole_instant() {
        assert!(is_whole("%Y-%m-%d %H:%M:%S"));
        assert!(is_whole("%d/%b/%Y %I:%M:%S %p"));
        assert!(is_whole("%Y-%m-%d %H:%M:%S%.f%:z"));
        assert!(!is_whole("%Y-%m-%d"));
        assert!(!is_whole("%Y-%m-%d %H:%M:%S %Q"));
        assert!(!is_whole("%H:%M:%S%:z"));
    }

    #[test]
    fn fractions_and_offsets_are_known() {
        for fraction in ["%f", "%.f", "%.3f", "%6f"] {
            assert!(has_fraction(&format!("%S{fraction}")), "{fraction}");
        }
        assert!(!has_fraction("%Y-%m-%d %H:%M:%S%:z"));
        assert!(has_offset("%S%:z") && has_offset("%S%z") && !has_offset("%S"));
    }
}
