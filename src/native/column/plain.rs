//! Columns of fixed-width values and of strings: their buffers are what goes over the wire.

use super::left_out::LeftOut;
use super::length::Length;
use crate::protobuf::wire::varint;
use crate::protobuf::writer::push_varint;

/// Numbers, dates and booleans, little-endian one after the other.
#[derive(Debug)]
pub struct Fixed {
    width: usize,
    data: Vec<u8>,
    mark: usize,
}

impl Fixed {
    pub(super) fn new(width: u8) -> Self {
        Fixed {
            width: usize::from(width.max(1)),
            data: Vec::new(),
            mark: 0,
        }
    }

    /// Bytes a value.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Appends a value; false if it has another width.
    #[inline]
    pub fn push<const N: usize>(&mut self, value: [u8; N]) -> bool {
        if N != self.width {
            return false;
        }
        self.data.extend_from_slice(&value);
        true
    }

    pub(super) fn push_default(&mut self) {
        self.data.resize(self.data.len() + self.width, 0);
    }

    pub(super) fn repeat(&mut self, times: usize) {
        if let Some(start) = self.data.len().checked_sub(self.width) {
            repeat_tail(&mut self.data, start, times);
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.data.len() / self.width
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// The values as numbers; signed only where they take eight bytes.
    pub(crate) fn integers(&self) -> impl Iterator<Item = i64> + Clone {
        self.data.chunks_exact(self.width).map(|value| {
            let mut bytes = [0; 8];
            bytes
                .iter_mut()
                .zip(value)
                .for_each(|(to, from)| *to = *from);
            i64::from_le_bytes(bytes)
        })
    }

    pub(super) fn mark(&mut self) {
        self.mark = self.data.len();
    }

    pub(super) fn rollback(&mut self) {
        self.data.truncate(self.mark);
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.data.truncate(rows * self.width);
    }

    pub(super) fn clear(&mut self) {
        self.data.clear();
        self.mark = 0;
    }
}

/// Strings, each behind its length.
#[derive(Debug, Default)]
pub struct Text {
    data: Vec<u8>,
    rows: usize,
    /// Start of the last value.
    last: usize,
    mark: (usize, usize),
    pub(super) length: Length,
    pub(super) left_out: LeftOut,
}

impl Text {
    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: &[u8]) {
        self.last = self.data.len();
        push_varint(&mut self.data, value.len() as u64);
        self.data.extend_from_slice(value);
        self.rows += 1;
    }

    pub(super) fn repeat(&mut self, times: usize) {
        if self.rows == 0 || times == 0 {
            return;
        }
        let len = self.data.len() - self.last;
        repeat_tail(&mut self.data, self.last, times);
        self.last += len * times;
        self.rows += times;
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn mark(&mut self) {
        self.mark = (self.data.len(), self.rows);
        self.length.mark();
        self.left_out.mark();
    }

    /// Goes back to the mark. The last value's place is unknown then, until the next push.
    pub(super) fn rollback(&mut self) {
        self.data.truncate(self.mark.0);
        self.rows = self.mark.1;
        self.last = self.data.len();
        self.length.rollback();
        self.left_out.rollback();
    }

    /// Cuts off all but the first rows, by walking over them.
    pub(super) fn truncate(&mut self, rows: usize) {
        if rows >= self.rows {
            return;
        }
        let mut at = 0;
        for _ in 0..rows {
            let Ok(len) = varint(&self.data, &mut at) else {
                break;
            };
            at += len as usize;
        }
        self.data.truncate(at);
        self.rows = rows;
        self.last = at;
    }

    pub(super) fn clear(&mut self) {
        self.data.clear();
        (self.rows, self.last, self.mark) = Default::default();
        self.length.clear();
        self.left_out.clear();
    }
}

/// Appends what starts at `start` `times` more times, twice as much at each step.
fn repeat_tail(data: &mut Vec<u8>, start: usize, times: usize) {
    let len = data.len() - start;
    let mut left = len * times;
    data.reserve(left);
    while left > 0 {
        let step = left.min(data.len() - start);
        data.extend_from_within(start..start + step);
        left -= step;
    }
}
