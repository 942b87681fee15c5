//! Packed bodies: gzip, deflate, brotli and zstd, unpacked step by step into a budget.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use brotli_decompressor::Decompressor;
use bytes::Buf as _;
use bytes::buf::Reader;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::reading::{Read, Unread};
use crate::weight::{Budget, Permit};

/// How many bodies of a source are unpacked at once that are large: each needs a window of up to 16 MiB, and a core.
pub(super) const TURNS: usize = 2;

/// How long a body waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is unpacked at once.
const STEP: usize = 32 << 10;

/// A body of so many bytes at most, packed and unpacked, is unpacked where it is. What is larger waits for a turn and has
/// a thread of its own.
const SMALL: (usize, usize) = (16 << 10, 128 << 10);

/// A body may have so many members or frames, and one more for each so many bytes that came out: empty ones cost time.
const PARTS: usize = 64;
const PART: usize = 1 << 10;

/// The largest window of zstd, which is what RFC 9659 asks of HTTP, in bytes.
const WINDOW: u64 = 8 << 20;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or bare RFC 1951, as some send it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Encoding {
    /// The encoding that HTTP or gRPC calls so; none for one that isn't known.
    pub fn named(name: &str) -> Option<Encoding> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Encoding::Gzip),
            "deflate" => Some(Encoding::Deflate),
            "br" => Some(Encoding::Brotli),
            "zstd" => Some(Encoding::Zstd),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
            Encoding::Brotli => "br",
            Encoding::Zstd => "zstd",
        }
    }
}

/// Unpacks a body into the room of a budget. What comes out may have `limit` bytes. `header` is where the encoding was
/// said.
pub(super) async fn unpack(
    room: &Budget,
    turns: &Arc<Semaphore>,
    packed: Read,
    encoding: Encoding,
    header: &'static str,
    limit: usize,
) -> Result<Read, Unread> {
    let not_packed = move |reason: String| Unread::NotPacked {
        name: encoding.name(),
        header,
        reason,
    };
    let room = room.clone();
    let bytes = packed.bytes.clone();
    let run = move |most: usize| -> Result<Option<Read>, Unread> {
        let mut work = Work {
            unpacker: Unpacker::new(encoding, bytes.clone())
                .map_err(|error| not_packed(error.to_string()))?,
            out: Vec::new(),
            held: room.try_acquire(0).ok_or(Unread::Full)?,
            room: room.clone(),
            limit,
        };
        let ended = work.go_on(most).map_err(|error| match error {
            Stopped::Unread(unread) => unread,
            Stopped::Broken(error) => not_packed(error.to_string()),
        })?;
        Ok(ended.then(|| Read {
            bytes: work.out.into(),
            held: work.held,
        }))
    };
    if packed.bytes.len() <= SMALL.0
        && let Some(read) = run(SMALL.1)?
    {
        return Ok(read);
    }
    // From its beginning: who waits for a turn has no window and no room for what comes out.
    let Ok(Ok(turn)) = timeout(PATIENCE, Arc::clone(turns).acquire_owned()).await else {
        return Err(Unread::Full);
    };
    let rest = move || {
        // Until it ends, also if nobody waits for it any more.
        let _held = (turn, packed);
        run(usize::MAX)
    };
    match tokio::task::spawn_blocking(rest).await {
        Ok(Ok(Some(read))) => Ok(read),
        Ok(Ok(None)) => Err(not_packed("it has no end".to_owned())),
        Ok(Err(unread)) => Err(unread),
        Err(failed) => Err(not_packed(failed.to_string())),
    }
}

/// A body that is being unpacked.
struct Work {
    unpacker: Unpacker,
    out: Vec<u8>,
    held: Permit,
    room: Budget,
    limit: usize,
}

/// Why it was not unpacked to its end.
enum Stopped {
    Unread(Unread),
    Broken(io::Error),
}

impl Work {
    /// Unpacks up to about so many bytes more. Returns whether that was all.
    fn go_on(&mut self, most: usize) -> Result<bool, Stopped> {
        let start = self.out.len();
        while self.out.len() - start < most {
            self.grow().map_err(Stopped::Unread)?;
            let at = self.out.len();
            self.out
                .resize(self.out.capacity().min(at.saturating_add(STEP)), 0);
            let into = self.out.get_mut(at..).unwrap_or_default();
            let came = self.unpacker.read(into).map_err(Stopped::Broken)?;
            self.out.truncate(at + came);
            if came == 0 {
                return match self.unpacker.left() {
                    0 => Ok(true),
                    left => Err(Stopped::Broken(io::Error::other(format!(
                        "{left} bytes follow its end"
                    )))),
                };
            }
            if self.out.len() > self.limit {
                let limit = self.limit;
                return Err(Stopped::Unread(Unread::TooLarge { limit }));
            }
        }
        Ok(false)
    }

    /// Makes room for more, a byte beyond the limit at most, if there is none left.
    fn grow(&mut self) -> Result<(), Unread> {
        let capacity = self.out.capacity();
        if self.out.len() < capacity {
            return Ok(());
        }
        let wanted = (capacity * 2).max(STEP).min(self.limit + 1);
        let more = (wanted as u64).saturating_sub(self.held.bytes());
        let more = self.room.try_acquire(more).ok_or(Unread::Full)?;
        self.held.merge(more);
        self.out.reserve_exact(wanted - self.out.len());
        Ok(())
    }
}

struct Unpacker {
    /// None between two parts, and after an error.
    part: Option<Part>,
    /// How many parts were begun, and what came out of all.
    parts: usize,
    came: usize,
}

/// What is being unpacked. Only members of gzip and frames of zstd may follow each other.
enum Part {
    Gzip(Box<GzDecoder<Reader<Bytes>>>),
    Zlib(ZlibDecoder<Reader<Bytes>>),
    Deflate(DeflateDecoder<Reader<Bytes>>),
    Brotli(Box<Decompressor<Reader<Bytes>>>),
    Zstd(Box<Frames>),
}

type Frames = StreamingDecoder<Reader<Bytes>, ruzstd::decoding::FrameDecoder>;

impl Unpacker {
    fn new(encoding: Encoding, packed: Bytes) -> io::Result<Self> {
        let part = match encoding {
            Encoding::Gzip => Part::Gzip(Box::new(GzDecoder::new(packed.reader()))),
            Encoding::Deflate if is_zlib(&packed) => Part::Zlib(ZlibDecoder::new(packed.reader())),
            Encoding::Deflate => Part::Deflate(DeflateDecoder::new(packed.reader())),
            Encoding::Brotli => Part::Brotli(Box::new(Decompressor::new(packed.reader(), STEP))),
            Encoding::Zstd => {
                let frames = Frames::new_with_max_window_size(packed.reader(), WINDOW);
                Part::Zstd(Box::new(frames.map_err(io::Error::other)?))
            }
        };
        Ok(Unpacker {
            part: Some(part),
            parts: 1,
            came: 0,
        })
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(part) = &mut self.part else {
                return Ok(0);
            };
            let came = part.read(into)?;
            self.came = self.came.saturating_add(came);
            if came > 0 || !part.may_be_followed() || part.left() == 0 {
                return Ok(came);
            }
            self.parts += 1;
            if self.parts > PARTS + self.came / PART {
                return Err(io::Error::other(format!(
                    "it has more than {} members or frames, and only {} bytes came out of them; at most {PARTS}, and one more for each {PART} bytes",
                    self.parts - 1,
                    self.came,
                )));
            }
            self.part = self.part.take().map(Part::next).transpose()?;
        }
    }

    /// How much was packed and isn't read.
    fn left(&self) -> usize {
        self.part.as_ref().map_or(0, Part::left)
    }
}

impl Part {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Part::Gzip(reader) => reader.read(into),
            Part::Zlib(reader) => reader.read(into),
            Part::Deflate(reader) => reader.read(into),
            // It tells of bytes that follow its end when it is asked again.
            Part::Brotli(reader) => match reader.read(into)? {
                0 => reader.read(into),
                came => Ok(came),
            },
            Part::Zstd(frame) => frame.read(into),
        }
    }

    fn may_be_followed(&self) -> bool {
        matches!(self, Part::Gzip(_) | Part::Zstd(_))
    }

    /// The one that follows it.
    fn next(self) -> io::Result<Part> {
        Ok(match self {
            Part::Gzip(reader) => Part::Gzip(Box::new(GzDecoder::new(reader.into_inner()))),
            Part::Zstd(frame) => {
                let (packed, decoder) = frame.into_parts();
                let frame = Frames::new_with_decoder(packed, decoder);
                Part::Zstd(Box::new(frame.map_err(io::Error::other)?))
            }
            alone => alone,
        })
    }

    fn left(&self) -> usize {
        let packed = match self {
            Part::Gzip(reader) => reader.get_ref(),
            Part::Zlib(reader) => reader.get_ref(),
            Part::Deflate(reader) => reader.get_ref(),
            Part::Brotli(reader) => reader.get_ref(),
            Part::Zstd(frame) => frame.get_ref(),
        };
        packed.get_ref().remaining()
    }
}

/// Whether it begins as RFC 1950 says.
fn is_zlib(packed: &[u8]) -> bool {
    match packed {
        [method, flags, ..] => {
            method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;

    /// An empty member of gzip, and an empty frame of zstd.
    const MEMBER: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0";
    const FRAME: &[u8] = b"\x28\xb5\x2f\xfd\x20\0\x01\0\0";

    async fn unpacked(encoding: Encoding, body: Vec<u8>, turns: usize) -> Result<Read, Unread> {
        let room = Budget::new(1 << 20);
        let packed = Read {
            bytes: body.into(),
            held: room.try_acquire(0).expect("there is room"),
        };
        let turns = Arc::new(Semaphore::new(turns));
        unpack(&room, &turns, packed, encoding, "grpc-encoding", 1 << 20).await
    }

    #[tokio::test(start_paused = true)]
    async fn parts_without_bytes_are_few_and_small_bodies_need_no_turn() {
        for (encoding, part) in [(Encoding::Gzip, MEMBER), (Encoding::Zstd, FRAME)] {
            let few = unpacked(encoding, part.repeat(PARTS), 0).await;
            assert_eq!(few.expect("it is small").bytes.len(), 0);
            let many = unpacked(encoding, part.repeat(PARTS + 1), 0).await;
            let told = many.expect_err("there are too many").to_string();
            assert!(told.contains("more than 64 members or frames"), "{told}");
            // What is large when it is packed waits, and has the same limits.
            let most = unpacked(encoding, part.repeat(10_000), 0).await;
            assert_eq!(most.map(drop), Err(Unread::Full));
            let most = unpacked(encoding, part.repeat(10_000), 1).await;
            assert!(matches!(most, Err(Unread::NotPacked { .. })));
        }
    }
}
