//! LowCardinality columns: each value once in a dictionary, and an index a row.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::left_out::LeftOut;
use super::length::Length;
use super::plain::Text;

/// A dictionary of the strings of one block, and the rows' indexes into it.
///
/// Index 0 is the empty string, or NULL where the column is nullable.
#[derive(Debug)]
pub struct Dictionary {
    nullable: bool,
    keys: Text,
    /// Range of each key's bytes in `keys`.
    places: Vec<(u32, u32)>,
    lookup: HashTable<u32>,
    indexes: Vec<u32>,
    /// Total length of the rows' values, each counted as often as it occurs.
    repeated: usize,
    /// Number of rows at the mark, and the length of their values.
    mark: (usize, usize),
    pub(super) length: Length,
    pub(super) left_out: LeftOut,
}

impl Dictionary {
    pub(super) fn new(nullable: bool) -> Self {
        let mut dictionary = Dictionary {
            nullable,
            keys: Text::default(),
            places: Vec::new(),
            lookup: HashTable::new(),
            indexes: Vec::new(),
            repeated: 0,
            mark: (0, 0),
            length: Length::default(),
            left_out: LeftOut::default(),
        };
        dictionary.begin();
        dictionary
    }

    /// Puts the default at index 0. In a nullable column that place is NULL's and no value finds it.
    fn begin(&mut self) {
        self.keys.push(b"");
        self.places.push((1, 0));
        if !self.nullable {
            self.lookup.insert_unique(xxh3_64(b""), 0, |_| 0);
        }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: &[u8]) {
        self.repeated += value.len();
        if let Some(&last) = self.indexes.last()
            && (last != 0 || !self.nullable)
            && self.key(last) == value
        {
            self.indexes.push(last);
            return;
        }
        let hash = xxh3_64(value);
        let found = self.lookup.find(hash, |&i| self.key(i) == value).copied();
        let index = found.unwrap_or_else(|| self.insert(hash, value));
        self.indexes.push(index);
    }

    fn insert(&mut self, hash: u64, value: &[u8]) -> u32 {
        let index = self.places.len() as u32;
        self.keys.push(value);
        let end = self.keys.data().len();
        self.places
            .push(((end - value.len()) as u32, value.len() as u32));
        let (places, data) = (&self.places, self.keys.data());
        self.lookup
            .insert_unique(hash, index, |&i| xxh3_64(bytes_at(places, data, i)));
        index
    }

    fn key(&self, index: u32) -> &[u8] {
        bytes_at(&self.places, self.keys.data(), index)
    }

    /// The value of each row; none for NULL.
    pub(super) fn values(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let value = |index: &u32| (!self.nullable || *index != 0).then(|| self.key(*index));
        self.indexes.iter().map(value)
    }

    pub(super) fn nullable(&self) -> bool {
        self.nullable
    }

    /// Appends the empty string, or NULL.
    pub(super) fn push_default(&mut self) {
        self.indexes.push(0);
    }

    pub(super) fn repeat(&mut self, times: usize) {
        if let Some(&last) = self.indexes.last() {
            self.indexes.resize(self.indexes.len() + times, last);
            self.repeated += self.length(last) * times;
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.indexes.len()
    }

    pub(super) fn bytes(&self) -> usize {
        // In memory a key has its place and its slot in the table too.
        const KEY: usize = 16;
        let keys = self.keys.data().len() + self.places.len() * KEY;
        keys + self.indexes.len() * width(self.places.len())
    }

    /// Weight if each row has its own copy of its value.
    pub(super) fn weight(&self) -> usize {
        self.repeated + self.indexes.len() * super::OFFSET
    }

    fn length(&self, index: u32) -> usize {
        let place = self.places.get(index as usize);
        place.map_or(0, |(_, length)| *length as usize)
    }

    pub(super) fn mark(&mut self) {
        self.mark = (self.indexes.len(), self.repeated);
        self.length.mark();
        self.left_out.mark();
    }

    /// Goes back to the mark; keys that nobody uses any more may stay.
    pub(super) fn rollback(&mut self) {
        self.indexes.truncate(self.mark.0);
        self.repeated = self.mark.1;
        self.length.rollback();
        self.left_out.rollback();
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        let gone = self.indexes.get(rows..).unwrap_or_default();
        self.repeated -= gone.iter().map(|i| self.length(*i)).sum::<usize>();
        self.indexes.truncate(rows);
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.places.clear();
        self.lookup.clear();
        self.indexes.clear();
        self.repeated = 0;
        self.mark = (0, 0);
        self.length.clear();
        self.left_out.clear();
        self.begin();
    }

    /// Value of a row; none if it is NULL.
    pub(super) fn value(&self, row: usize) -> Option<&[u8]> {
        match self.indexes.get(row) {
            Some(0) if self.nullable => None,
            index => Some(self.key(*index?)),
        }
    }

    /// The keys that aren't empty and have rows, and how many.
    pub(super) fn filled(&self) -> Vec<(&[u8], u64)> {
        if self.places.len() < 2 {
            return Vec::new();
        }
        let mut rows = vec![0_u64; self.places.len()];
        for &index in &self.indexes {
            if let Some(count) = rows.get_mut(index as usize) {
                *count += 1;
            }
        }
        let keys = (0_u32..)
            .zip(rows)
            .map(|(index, rows)| (self.key(index), rows));
        keys.filter(|(key, rows)| !key.is_empty() && *rows > 0)
            .collect()
    }

    /// Writes width and flags, the keys and the indexes; nothing at all where there are no rows.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        if self.indexes.is_empty() {
            return;
        }
        const OWN_KEYS: u64 = 0x600;
        let width = width(self.places.len());
        let code = width.trailing_zeros() as u64;
        out.extend_from_slice(&(OWN_KEYS | code).to_le_bytes());
        out.extend_from_slice(&(self.places.len() as u64).to_le_bytes());
        out.extend_from_slice(self.keys.data());
        out.extend_from_slice(&(self.indexes.len() as u64).to_le_bytes());
        match width {
            1 => out.extend(self.indexes.iter().map(|&i| i as u8)),
            2 => out.extend(self.indexes.iter().flat_map(|&i| (i as u16).to_le_bytes())),
            _ => out.extend(self.indexes.iter().flat_map(|&i| i.to_le_bytes())),
        }
    }
}

fn bytes_at<'a>(places: &[(u32, u32)], data: &'a [u8], index: u32) -> &'a [u8] {
    let (start, len) = places.get(index as usize).copied().unwrap_or_default();
    data.get(start as usize..start as usize + len as usize)
        .unwrap_or_default()
}

/// Bytes an index needs.
fn width(keys: usize) -> usize {
    match keys {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_weight_is_that_of_all_values_where_each_is_by_itself() {
        let mut dictionary = Dictionary::new(false);
        let row = super::super::OFFSET;
        dictionary.push(&[b'x'; 1000]);
        dictionary.repeat(99);
        assert_eq!(dictionary.weight(), 100 * (1000 + row));
        assert!(dictionary.bytes() < 2000, "it is there once");
        dictionary.push(b"y");
        dictionary.mark();
        dictionary.push(&[b'x'; 1000]);
        dictionary.push_default();
        dictionary.rollback();
        assert_eq!(dictionary.weight(), 100 * (1000 + row) + 1 + row);
        dictionary.truncate(2);
        assert_eq!(dictionary.weight(), 2 * (1000 + row));
        dictionary.clear();
        assert_eq!(dictionary.weight(), 0);
    }
}
