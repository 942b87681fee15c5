//! A cursor over a JSON text: what stands there, and where it ends.

use super::text::{Text, Wrong};

/// Maximum nesting depth of a value that is kept as it is, objects and lists together.
const DEEPEST: u32 = 100;

/// Position of the reader in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    /// The text.
    pub(super) text: &'a [u8],
    /// The next byte's place.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor before the text.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Cursor { text, at: 0 }
    }

    /// Moves behind white space, and returns the byte there; 0 at the end, which no JSON holds.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(&byte) => return byte,
                None => return 0,
            }
        }
    }

    /// Moves behind this byte, if it is the next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == byte;
        self.at += usize::from(is);
        is
    }

    /// Moves behind a word, if it is the next.
    pub(super) fn word(&mut self, word: &[u8]) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is =
            rest.starts_with(word) && !rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric);
        if is {
            self.at += word.len();
        }
        is
    }

    /// The name of the next member, and moves behind its colon; none at the object's end, which is taken. `first` is
    /// true before the first one.
    #[inline]
    pub(super) fn name(&mut self, first: bool) -> Result<Option<Text<'a>>, Wrong> {
        if self.take(b'}') {
            return Ok(None);
        }
        if !first && !self.take(b',') {
            return Err("a comma or } should follow a member");
        }
        if self.peek() != b'"' {
            return Err("a name in quotes should be here");
        }
        let name = self.string()?;
        match self.take(b':') {
            true => Ok(Some(name)),
            false => Err("a colon should follow a name"),
        }
    }

    /// Whether there is another element; else the list's end is taken. `first` is true before the first one.
    #[inline]
    pub(super) fn element(&mut self, first: bool) -> Result<bool, Wrong> {
        if self.take(b']') {
            return Ok(false);
        }
        if !first && !self.take(b',') {
            return Err("a comma or ] should follow an element");
        }
        Ok(true)
    }

    /// The text at a quote. What is escaped in it is still so, and it may not be UTF-8.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Text<'a>, Wrong> {
        let start = self.at + 1;
        let mut at = start;
        let (mut escaped, mut high) = (false, 0);
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            if let Some(eight) = rest.first_chunk::<8>() {
                let word = u64::from_le_bytes(*eight);
                high |= word & HIGH;
                let special = special(word);
                if special == 0 {
                    at += 8;
                    continue;
                }
                at += (special.trailing_zeros() / 8) as usize;
            }
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(0..0x20) => {
                    return Err("a control character in a text should be escaped");
                }
                Some(&byte) => {
                    high |= u64::from(byte) & HIGH;
                    at += 1;
                }
                None => return Err("a text doesn't end"),
            }
        }
        self.at = at + 1;
        Ok(Text {
            raw: self.text.get(start..at).unwrap_or_default(),
            escaped,
            ascii: high == 0,
        })
    }

    /// The number at the cursor, as it is written.
    pub(super) fn number(&mut self) -> Result<&'a [u8], Wrong> {
        const WRONG: Wrong = "this is no number as JSON has them";
        let start = self.at;
        let digits = |cursor: &mut Self| {
            let from = cursor.at;
            while cursor.text.get(cursor.at).is_some_and(u8::is_ascii_digit) {
                cursor.at += 1;
            }
            cursor.at - from
        };
        self.at += usize::from(self.text.get(start) == Some(&b'-'));
        let zero = self.text.get(self.at) == Some(&b'0');
        match digits(self) {
            0 => return Err(WRONG),
            1 => {}
            _ if zero => return Err(WRONG),
            _ => {}
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            if digits(self) == 0 {
                return Err(WRONG);
            }
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            if digits(self) == 0 {
                return Err(WRONG);
            }
        }
        match self.text.get(self.at) {
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'.' => Err(WRONG),
            _ => Ok(self.text.get(start..self.at).unwrap_or_default()),
        }
    }

    /// The value at the cursor as it is written, if it is JSON, and whether half a surrogate pair is in it.
    pub(super) fn value(&mut self) -> Result<(&'a [u8], bool), Wrong> {
        self.peek();
        let start = self.at;
        let mut halves = false;
        self.check(DEEPEST, &mut halves)?;
        Ok((self.text.get(start..self.at).unwrap_or_default(), halves))
    }

    fn check(&mut self, depth: u32, halves: &mut bool) -> Result<(), Wrong> {
        let inner = depth
            .checked_sub(1)
            .ok_or("this nests deeper than 100 levels");
        match self.peek() {
            b'"' => *halves |= self.string()?.check()?,
            b'{' => {
                let inner = inner?;
                self.at += 1;
                let mut first = true;
                while let Some(name) = self.name(first)? {
                    *halves |= name.check()?;
                    self.check(inner, halves)?;
                    first = false;
                }
            }
            b'[' => {
                let inner = inner?;
                self.at += 1;
                let mut first = true;
                while self.element(first)? {
                    self.check(inner, halves)?;
                    first = false;
                }
            }
            b'-' | b'0'..=b'9' => self.number().map(drop)?,
            _ if self.word(b"true") || self.word(b"false") || self.word(b"null") => {}
            0 if self.at == self.text.len() => return Err("it ends where a value should be"),
            _ => return Err("this is no JSON value"),
        }
        Ok(())
    }

    /// Moves behind the value at the cursor, whatever is wrong with it, as far as its brackets and quotes tell where it
    /// ends.
    pub(super) fn skip(&mut self) -> Result<(), Wrong> {
        let mut open = Vec::new();
        loop {
            match self.peek() {
                0 if self.at >= self.text.len() => return Err("the text ends within a value"),
                b'{' => open.push(b'}'),
                b'[' => open.push(b']'),
                byte @ (b'}' | b']') => {
                    if open.pop() != Some(byte) {
                        return Err("a bracket closes that was not opened");
                    }
                }
                b'"' => self.find_quote()?,
                b',' | b':' if open.is_empty() => return Err("a value should be here"),
                b',' | b':' => {}
                _ => self.find_sign(),
            }
            self.at += 1;
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Moves to the quote that ends a text.
    fn find_quote(&mut self) -> Result<(), Wrong> {
        self.at += 1;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err("a text doesn't end"),
            }
        }
    }

    /// Moves to the last byte before the next sign, quote or white space.
    fn find_sign(&mut self) {
        let ends = |byte: &u8| b" \n\r\t,:{}[]\"\0".contains(byte);
        while self.text.get(self.at + 1).is_some_and(|byte| !ends(byte)) {
            self.at += 1;
        }
    }

    /// The line and the column of a place, both from 1.
    pub(super) fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let lines = before.iter().filter(|byte| **byte == b'\n').count();
        let last = before.iter().rposition(|byte| *byte == b'\n');
        (
            lines + 1,
            before.len() - last.map_or(0, |last| last + 1) + 1,
        )
    }
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the first byte of eight, the lowest first, that ends a text, or is no part of it as it stands: a quote, a
/// backslash, a control character. Marks behind the first one may be wrong.
#[inline]
fn special(word: u64) -> u64 {
    let is = |byte: u8| {
        let different = word ^ (LOW * u64::from(byte));
        different.wrapping_sub(LOW) & !different
    };
    let control = word.wrapping_sub(LOW * 0x20) & !word;
    (is(b'"') | is(b'\\') | control) & HIGH
}
