//! Parts of the statements that fill rows in.

use super::Refill;
use crate::contract::Holds;
use crate::sink::clickhouse::quote;
use crate::sink::clickhouse::unknown::Place;

impl Refill<'_> {
    pub(super) fn row(&self) -> String {
        format!("lower(hex(sipHash128({})))", self.place.key)
    }

    pub(super) fn within(&self, partition: &str) -> String {
        let Place { unknown, .. } = &self.place;
        format!(
            "_partition_id = {} AND {unknown} != ''{}",
            quote::text(partition),
            self.since
        )
    }

    pub(super) fn holds(&self, column: &str) -> Option<Holds> {
        let mut columns = self.place.table.columns.iter();
        columns.find(|c| c.name == column).map(|c| c.holds)
    }

    /// Rows of the portion with their small rows: columns `t0`, `m0` (with the new fields), `b0` (without), …
    pub(super) fn joined(&self, partition: &str) -> String {
        let Place {
            name, key, unknown, ..
        } = &self.place;
        let named = |prefix: &str| -> String {
            let columns = self.place.columns.iter().enumerate();
            let all: Vec<String> = columns
                .map(|(at, c)| format!("{} AS {prefix}{at}", quote::identifier(&c.name)))
                .collect();
            all.join(", ")
        };
        let (minis, portion) = (self.helper(self.minis), self.helper(self.portion));
        let within = self.within(partition);
        let number = format!("toUInt64OrZero(extract({unknown}, '…row\":([0-9]+)'))");
        format!(
            "(SELECT {row} AS t_row, sipHash64({unknown}) AS t_was, {t} FROM {name} FINAL WHERE {within} AND \
             tuple({key}) IN (SELECT tuple({key}) FROM {name} WHERE {within} AND {row} IN (SELECT row FROM {portion}))\
             ) AS t INNER JOIN (SELECT p.row AS p_row, p.was AS p_was, p.rest AS rest, p.payload AS p_payload, m.*, b.* \
             FROM {portion} AS p INNER JOIN (SELECT {number} AS m_number, {m} FROM {minis}) AS m \
             ON m.m_number = p.number * 2 + 1 INNER JOIN (SELECT {number} AS b_number, {b} FROM {minis}) AS b \
             ON b.b_number = p.number * 2) AS x ON t.t_row = x.p_row AND t.t_was = x.p_was",
            row = self.row(),
            t = named("t"),
            m = named("m"),
            b = named("b"),
        )
    }

    fn differs(at: usize) -> String {
        format!("ifNull(toString(m{at}), '\\\\N') != ifNull(toString(b{at}), '\\\\N')")
    }

    /// Condition: a new value is part of a key.
    pub(super) fn in_key(&self) -> String {
        let columns = self.place.columns.iter().enumerate();
        let keys: Vec<String> = columns
            .filter(|(_, c)| c.in_key > 0)
            .map(|(at, _)| Self::differs(at))
            .collect();
        format!("({})", keys.join(" OR "))
    }

    /// Condition: the payload, read and written again, differs from the stored one, so that a refill would lose
    /// something.
    pub(super) fn unlike(&self) -> String {
        let mut columns = self.place.columns.iter();
        match columns.position(|c| self.holds(&c.name) == Some(Holds::Payload)) {
            Some(at) => format!("(p_payload AND toString(b{at}) != toString(t{at}))"),
            None => "false".to_owned(),
        }
    }

    /// Whether a column that would be filled has another value already: it is made of several fields, of which the row had
    /// another one.
    pub(super) fn taken(&self) -> String {
        let filled = |name: &str| {
            !matches!(
                self.holds(name),
                None | Some(Holds::Unknown | Holds::Now | Holds::Payload)
            )
        };
        let text = |value: String| format!("ifNull(toString({value}), '\\\\N')");
        let columns = self.place.columns.iter().enumerate();
        let all: Vec<String> = columns
            .filter(|(_, c)| c.in_key == 0 && filled(&c.name))
            .map(|(at, _)| {
                format!(
                    "{} AND {t} != {} AND {t} != {}",
                    Self::differs(at),
                    text(format!("b{at}")),
                    text(format!("defaultValueOfArgumentType(t{at})")),
                    t = text(format!("t{at}")),
                )
            })
            .collect();
        match all.is_empty() {
            true => "false".to_owned(),
            false => format!("({})", all.join(" OR ")),
        }
    }

    /// Whether a row can be filled.
    pub(super) fn fits(&self) -> String {
        format!(
            "NOT {} AND NOT {} AND NOT {}",
            self.in_key(),
            self.unlike(),
            self.taken()
        )
    }

    /// Value of a column in the new row.
    pub(super) fn value(&self, at: usize, name: &str) -> String {
        let live = self.place.columns.get(at);
        match self.holds(name) {
            _ if live.is_some_and(|c| c.in_key > 0) => format!("t{at}"),
            Some(Holds::Unknown) => "rest".to_owned(),
            Some(Holds::Now) => format!("greatest(m{at}, addMilliseconds(t{at}, 1))"),
            Some(Holds::Payload) => format!("if(p_payload, m{at}, t{at})"),
            Some(_) => format!("if({}, m{at}, t{at})", Self::differs(at)),
            // Column of a newer build.
            None => format!("t{at}"),
        }
    }
}
