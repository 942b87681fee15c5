//! The types of values in free JSON, above all of lists: those that ClickHouse's own parser would choose, as long as they
//! hold every element as it is.
//!
//! That parser makes 1 of a true among numbers, rounds large integers among floats, and makes `[]` of a null among
//! lists. Such lists are `Array(Dynamic)` here, where each element keeps its own type.

use super::leaf::{Basic, Element, LeafType};
use crate::json::{Number, Plain, Value};

/// Lists in lists beyond this are lists of mixed values; so that there are few types.
const MAX_DEPTH: u8 = 8;

/// The type of a value that isn't null.
pub(super) fn type_of(value: &Value) -> LeafType {
    match value {
        Value::Object(_) => LeafType::Json,
        Value::Array(items) => Seen::list(items).list_type(),
        Value::Bool(_) => LeafType::One(Basic::Bool),
        Value::Number(number) => LeafType::One(of_number(number)),
        Value::String(_) | Value::Null => LeafType::One(Basic::String),
    }
}

fn of_number(number: &Number) -> Basic {
    match number {
        Number::Signed(_) => Basic::Int64,
        Number::Unsigned(_) => Basic::UInt64,
        Number::Double(_) => Basic::Float64,
        number => match number.plain() {
            Ok(Plain::Signed(_)) => Basic::Int64,
            Ok(Plain::Wide(_)) => Basic::Int256,
            // One that isn't possible fails when it is appended.
            _ => Basic::Float64,
        },
    }
}

const NULL: u16 = 1;
const BOOL: u16 = 1 << 1;
const TEXT: u16 = 1 << 2;
const OBJECT: u16 = 1 << 3;
const INTEGER: u16 = 1 << 4;
const NEGATIVE: u16 = 1 << 5;
/// Beyond the signed integers of 64 bits.
const UNSIGNED: u16 = 1 << 6;
/// Beyond both kinds.
const WIDE: u16 = 1 << 7;
/// An integer that no float holds.
const NO_FLOAT: u16 = 1 << 8;
const FLOAT: u16 = 1 << 9;
/// Values of several kinds, each with its own type.
const MIXED: u16 = 1 << 10;

/// Content of a list: the elements of its innermost lists, and the number of levels.
#[derive(Clone, Copy)]
struct Seen {
    kinds: u16,
    depth: u8,
}

impl Seen {
    const ANYTHING: Seen = Seen {
        kinds: MIXED,
        depth: 1,
    };

    fn list(items: &[Value]) -> Seen {
        let mut kinds = 0;
        let mut lists = Vec::new();
        for item in items {
            match item {
                Value::Array(inner) => lists.push(Seen::list(inner)),
                item => kinds |= kind(item),
            }
        }
        if lists.is_empty() && element_of(kinds).is_some() {
            return Seen { kinds, depth: 1 };
        }
        match Seen::common(&lists) {
            Some(common) if kinds == 0 && common.depth < MAX_DEPTH => Seen {
                depth: common.depth + 1,
                ..common
            },
            _ => Seen::ANYTHING,
        }
    }

    /// Common type of lists, level by level; none if no type fits each of them unchanged.
    fn common(lists: &[Seen]) -> Option<Seen> {
        let depth = lists.iter().map(|list| list.depth).min()?;
        let ends = |list: &&Seen| list.depth == depth;
        let kinds = lists
            .iter()
            .filter(ends)
            .fold(0, |all, list| all | list.kinds);
        // Values of several kinds next to lists, or to others, are of several kinds all the more.
        if kinds & MIXED != 0 {
            return Some(Seen {
                kinds: MIXED,
                depth,
            });
        }
        let mut deeper = lists.iter().filter(|list| list.depth > depth);
        match deeper.next() {
            None => element_of(kinds).map(|_| Seen { kinds, depth }),
            // An empty list is of any type, if the others agree on one.
            Some(first) if kinds == 0 && deeper.all(|list| list.is_like(*first)) => Some(*first),
            Some(_) => None,
        }
    }

    fn is_like(self, other: Seen) -> bool {
        let is_empty = |seen: Seen| seen.kinds & !NULL == 0;
        self.depth == other.depth
            && element_of(self.kinds) == element_of(other.kinds)
            && is_empty(self) == is_empty(other)
    }

    fn list_type(self) -> LeafType {
        let element = element_of(self.kinds).unwrap_or(Element::Dynamic);
        LeafType::List(element, self.depth)
    }
}

fn kind(value: &Value) -> u16 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOL,
        Value::String(_) => TEXT,
        Value::Object(_) => OBJECT,
        Value::Array(_) => MIXED,
        Value::Number(Number::Signed(value)) => signed(*value),
        Value::Number(Number::Unsigned(value)) => {
            INTEGER
                | UNSIGNED
                | if is_float(i128::from(*value)) {
                    0
                } else {
                    NO_FLOAT
                }
        }
        Value::Number(number) => match number.plain() {
            Ok(Plain::Signed(value)) => signed(value),
            Ok(Plain::Wide(_)) => INTEGER | WIDE | NO_FLOAT,
            _ => FLOAT,
        },
    }
}

fn signed(value: i64) -> u16 {
    let sign = if value < 0 { NEGATIVE } else { 0 };
    let held = if is_float(i128::from(value)) {
        0
    } else {
        NO_FLOAT
    };
    INTEGER | sign | held
}

fn is_float(value: i128) -> bool {
    value as f64 as i128 == value
}

/// The type of elements of such kinds; none if they have none in common.
fn element_of(kinds: u16) -> Option<Element> {
    let has = |kind| kinds & kind != 0;
    Some(match kinds & !NULL {
        0 | TEXT => Element::Basic(Basic::String),
        BOOL => Element::Basic(Basic::Bool),
        OBJECT if has(NULL) => Element::NullableJson,
        OBJECT => Element::Json,
        MIXED => Element::Dynamic,
        _ if has(BOOL | TEXT | OBJECT | MIXED) => return None,
        _ if has(FLOAT) && has(NO_FLOAT) => return None,
        _ if has(FLOAT) => Element::Basic(Basic::Float64),
        _ if has(WIDE) => Element::Basic(Basic::Int256),
        _ if has(UNSIGNED) && has(NEGATIVE) => return None,
        _ if has(UNSIGNED) => Element::Basic(Basic::UInt64),
        _ => Element::Basic(Basic::Int64),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::json::parse;

    #[test]
    fn a_list_has_the_type_that_holds_all_of_its_elements() {
        for (list, wanted) in [
            ("[]", "Array(Nullable(String))"),
            ("[null,1]", "Array(Nullable(Int64))"),
            ("[1,18446744073709551615]", "Array(Nullable(UInt64))"),
            ("[-1,18446744073709551615]", "Array(Dynamic)"),
            ("[-1,18446744073709551616]", "Array(Nullable(Int256))"),
            ("[1,1.5,-0]", "Array(Nullable(Float64))"),
            ("[9007199254740993,1.5]", "Array(Dynamic)"),
            ("[9223372036854775808,1.5]", "Array(Nullable(Float64))"),
            ("[18446744073709551616,1.5]", "Array(Dynamic)"),
            ("[true,1]", "Array(Dynamic)"),
            ("[[]]", "Array(Array(Nullable(String)))"),
            ("[[],[[1]]]", "Array(Array(Array(Nullable(Int64))))"),
            ("[[1],[2.5]]", "Array(Array(Nullable(Float64)))"),
            ("[[1],[\"x\"]]", "Array(Dynamic)"),
            ("[[1,\"x\"],[2]]", "Array(Array(Dynamic))"),
            ("[[1],[[2]]]", "Array(Dynamic)"),
            ("[[],[[]]]", "Array(Array(Array(Nullable(String))))"),
            ("[[],[[]],[[1]]]", "Array(Dynamic)"),
            ("[[null],[[1]]]", "Array(Dynamic)"),
            ("[[[[1]]],[1,true]]", "Array(Array(Dynamic))"),
            ("[[[1,true]],[2]]", "Array(Dynamic)"),
            ("[[1],[true],[1,true]]", "Array(Array(Dynamic))"),
            ("[[],[[1,true]]]", "Array(Array(Array(Dynamic)))"),
            ("[null,[1]]", "Array(Dynamic)"),
            (
                "[{},null]",
                "Array(Nullable(JSON(max_dynamic_types=16, max_dynamic_paths=256)))",
            ),
        ] {
            let value = parse(list.as_bytes()).unwrap();
            assert_eq!(type_of(&value).name(), wanted, "{list}");
        }
        let deep = parse(format!("{}1{}", "[".repeat(60), "]".repeat(60)).as_bytes()).unwrap();
        assert!(type_of(&deep).name().len() < 100);
    }
}
