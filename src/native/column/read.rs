//! Values of plain columns read back, for destinations that take rows one way or another but not as Native blocks.

use std::collections::BTreeMap;

use super::Column;
use crate::protobuf::wire::varint;

/// One value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// A number, a date or a boolean: little-endian bytes.
    Fixed(&'a [u8]),
    /// A text, or any bytes.
    Text(&'a [u8]),
}

impl Column {
    /// Its values, row by row; none if it is no column of plain values.
    pub fn cells(&self) -> Option<Vec<Cell<'_>>> {
        match self {
            Column::Fixed(c) => Some(c.data().chunks(c.width()).map(Cell::Fixed).collect()),
            Column::Text(c) => texts(c.data(), c.rows()),
            Column::Dictionary(c) => c.values().map(|text| text.map(Cell::Text)).collect(),
            Column::Nullable(c) => {
                let values = c.inner.cells()?;
                let present = values.into_iter().zip(&c.nulls);
                Some(
                    present
                        .map(|(value, null)| if *null == 0 { value } else { Cell::Null })
                        .collect(),
                )
            }
            _ => None,
        }
    }
}

impl Column {
    /// The texts in it that aren't empty, each once, and how often each is there. Without any it is told at once.
    pub fn filled(&self) -> Vec<(&[u8], u64)> {
        match self {
            Column::Dictionary(c) => c.filled(),
            Column::Nullable(c) => c.inner.filled(),
            Column::Text(c) if c.data().len() > c.rows() => {
                let mut counts: BTreeMap<&[u8], u64> = BTreeMap::new();
                for cell in texts(c.data(), c.rows()).unwrap_or_default() {
                    if let Cell::Text(text) = cell
                        && !text.is_empty()
                    {
                        *counts.entry(text).or_default() += 1;
                    }
                }
                counts.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Texts, each behind its length.
pub(super) fn texts(data: &[u8], rows: usize) -> Option<Vec<Cell<'_>>> {
    let mut at = 0;
    let mut cells = Vec::with_capacity(rows);
    for _ in 0..rows {
        let len = usize::try_from(varint(data, &mut at).ok()?).ok()?;
        cells.push(Cell::Text(data.get(at..at.checked_add(len)?)?));
        at += len;
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::native::Layout;

    #[test]
    fn plain_values_come_back_as_they_were_appended() {
        let mut numbers = Column::new(&Layout::Nullable(&Layout::Fixed(4)));
        numbers.i32(-2).unwrap();
        numbers.null().unwrap();
        assert_eq!(
            numbers.cells().unwrap(),
            [Cell::Fixed(&(-2_i32).to_le_bytes()), Cell::Null]
        );
        let mut texts = Column::new(&Layout::Text);
        let long = "x".repeat(300);
        texts.text("").unwrap();
        texts.text(&long).unwrap();
        assert_eq!(
            texts.cells().unwrap(),
            [Cell::Text(b""), Cell::Text(long.as_bytes())]
        );
        assert_eq!(Column::new(&Layout::Json).cells(), None);
    }
}
