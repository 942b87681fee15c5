//! The longest text that a column is meant to hold: a longer one is counted, or refused.

use super::Column;
use crate::native::TextLimit;
use crate::row_error::{Bad, TooLong};

/// Texts that exceeded the limit of their column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Longer {
    /// Number of texts; one that several rows share by a header counts once.
    pub texts: u64,
    /// The bytes of the longest.
    pub largest: usize,
}

/// Length limit of a column; most have none.
#[derive(Debug, Default)]
pub(super) struct Length(Option<Box<Limited>>);

#[derive(Debug)]
struct Limited {
    column: &'static str,
    limit: TextLimit,
    longer: Longer,
    marked: Longer,
}

impl Longer {
    fn add(&mut self, bytes: usize) {
        self.texts += 1;
        self.largest = self.largest.max(bytes);
    }
}

impl Length {
    /// Says whether a column takes a text of so many bytes. Nearly always that is a comparison or two.
    #[inline]
    pub(super) fn takes(&mut self, bytes: usize) -> Result<(), Bad> {
        match &mut self.0 {
            Some(limited) if bytes > limited.limit.bytes as usize => limited.longer(bytes),
            _ => Ok(()),
        }
    }

    pub(super) fn mark(&mut self) {
        if let Some(limited) = &mut self.0 {
            limited.marked = limited.longer;
        }
    }

    pub(super) fn rollback(&mut self) {
        if let Some(limited) = &mut self.0 {
            limited.longer = limited.marked;
        }
    }

    pub(super) fn clear(&mut self) {
        if let Some(limited) = &mut self.0 {
            limited.longer = Longer::default();
            limited.marked = Longer::default();
        }
    }
}

impl Limited {
    #[cold]
    fn longer(&mut self, bytes: usize) -> Result<(), Bad> {
        if self.limit.enforce {
            return Err(Bad::TooLong(Box::new(TooLong {
                column: self.column,
                bytes,
                limit: self.limit.bytes,
            })));
        }
        self.longer.add(bytes);
        Ok(())
    }
}

impl Column {
    /// Adds a length limit to a column of texts; other columns stay as they are.
    pub(crate) fn limited(mut self, column: &'static str, limit: Option<TextLimit>) -> Self {
        if let (Some(length), Some(limit)) = (self.length_mut(), limit) {
            let (longer, marked) = Default::default();
            length.0 = Some(Box::new(Limited {
                column,
                limit,
                longer,
                marked,
            }));
        }
        self
    }

    /// Texts over the limit since the column was emptied, stored or noted.
    pub fn longer(&self) -> Longer {
        let length = match self {
            Column::Text(c) => &c.length,
            Column::Dictionary(c) => &c.length,
            Column::Nullable(c) => return c.inner.longer(),
            _ => return Longer::default(),
        };
        length.0.as_ref().map(|l| l.longer).unwrap_or_default()
    }

    /// Notes a text that was refused, which is cut off by now.
    pub(crate) fn refused(&mut self, bytes: usize) {
        if let Some(limited) = self.length_mut().and_then(|length| length.0.as_mut()) {
            limited.longer.add(bytes);
        }
    }

    fn length_mut(&mut self) -> Option<&mut Length> {
        match self {
            Column::Text(c) => Some(&mut c.length),
            Column::Dictionary(c) => Some(&mut c.length),
            Column::Nullable(c) => c.inner.length_mut(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

    use super::*;
    use crate::native::Layout;

    const LAYOUTS: [Layout; 5] = [
        Layout::Text,
        Layout::Dictionary { nullable: false },
        Layout::Dictionary { nullable: true },
        Layout::Nullable(&Layout::Text),
        Layout::Nullable(&Layout::Dictionary { nullable: false }),
    ];

    fn column(layout: &Layout, enforce: bool) -> Column {
        Column::new(layout).limited("name", Some(TextLimit { bytes: 4, enforce }))
    }

    const fn longer(texts: u64, largest: usize) -> Longer {
        Longer { texts, largest }
    }

    #[test]
    fn a_longer_text_is_there_and_counted_where_it_is_only_told_of() {
        for layout in &LAYOUTS {
            let mut column = column(layout, false);
            for text in ["four", "fiver", "", "sixsix", "sixsix"] {
                column.text(text).unwrap();
            }
            column.repeat(10);
            assert_eq!(column.rows(), 15, "{layout:?}");
            assert_eq!(column.longer(), longer(3, 6), "{layout:?}");
            // Rows that are rolled back don't count.
            column.mark();
            column.text("seven77").unwrap();
            assert_eq!(column.longer(), longer(4, 7), "{layout:?}");
            column.rollback();
            assert_eq!(column.longer(), longer(3, 6), "{layout:?}");
            column.clear();
            assert_eq!(column.longer(), longer(0, 0), "{layout:?}");
            // It is still limited.
            column.text("again").unwrap();
            assert_eq!(column.longer(), longer(1, 5), "{layout:?}");
        }
    }

    #[test]
    fn a_longer_text_is_refused_each_time_where_the_limit_is_enforced() {
        for layout in &LAYOUTS {
            let mut column = column(layout, true);
            column.text("four").unwrap();
            for _ in 0..2 {
                column.mark();
                let bad = column.text("fiver").unwrap_err();
                column.rollback();
                assert_eq!(bad.class().name(), "bad_field");
                assert_eq!(
                    bad.to_string(),
                    "field `name`: has 5 bytes; at most 4 are allowed in this column"
                );
            }
            assert_eq!((column.rows(), column.longer()), (1, longer(0, 0)));
            column.refused(5);
            column.mark();
            column.rollback();
            assert_eq!(column.longer(), longer(1, 5), "{layout:?}");
        }
    }

    #[test]
    fn what_has_no_limit_counts_nothing() {
        let mut text = Column::new(&Layout::Text).limited("name", None);
        text.text("a long one").unwrap();
        assert_eq!(text.longer(), longer(0, 0));
        let limit = Some(TextLimit {
            bytes: 0,
            enforce: true,
        });
        let mut number = Column::new(&Layout::Fixed(8)).limited("number", limit);
        number.u64(u64::MAX).unwrap();
        assert_eq!(number.longer(), longer(0, 0));
    }
}
