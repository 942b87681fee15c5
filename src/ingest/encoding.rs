//! Content encodings: gzip, deflate, brotli and zstd bodies, decompressed in steps within a budget.

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

use super::body::{Read, Unread};
use crate::weight::{Budget, Permit};

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;

/// Maximum number of large bodies of a source that are decompressed at once: each needs a window of up to 16 MiB, and a
/// core.
pub(super) const TURNS: usize = 2;

/// How long a body waits for its turn.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Number of bytes that are decompressed in one step.
const STEP: usize = 32 << 10;

/// Bodies of at most so many bytes, compressed and decompressed, are handled in place. Larger ones wait for a turn and
/// get a thread of their own.
const SMALL: (usize, usize) = (16 << 10, 128 << 10);

/// Maximum number of members or frames of a body, beside one more for each so many bytes of output: empty ones cost
/// time.
const PARTS: usize = 64;
const PART: usize = 1 << 10;

/// Maximum window of zstd, as RFC 9659 requires for HTTP, in bytes.
const WINDOW: u64 = 8 << 20;

/// Content encoding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or bare RFC 1951, which some clients send.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Encoding {
    /// Encoding with this name in HTTP or gRPC; none if it is unknown.
    pub fn named(name: &str) -> Option<Encoding> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Encoding::Gzip),
            "deflate" => Some(Encoding::Deflate),
            "br" => Some(Encoding::Brotli),
            "zstd" => Some(Encoding::Zstd),
            _ => None,
        }
    }

    /// Name of the encoding.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
            Encoding::Brotli => "br",
            Encoding::Zstd => "zstd",
        }
    }
}

/// Decompresses a body within a budget. The output may have `limit` bytes. `header` names the header that declared the
/// encoding.
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
    // From its beginning: a body that waits for a turn holds neither window nor output.
    let Ok(Ok(turn)) = timeout(TIME_LIMIT, Arc::clone(turns).acquire_owned()).await else {
        return Err(Unread::Full);
    };
    let rest = move || {
        // Held until the work ends, also if nobody waits for it any more.
        let _held = (turn, packed);
        run(usize::MAX)
    };
    match tokio::task::spawn_blocking(rest).await {
        Ok(Ok(Some(read))) => Ok(read),
        Ok(Ok(None)) => Err(not_packed("it is incomplete".to_owned())),
        Ok(Err(unread)) => Err(unread),
        Err(failed) => Err(not_packed(failed.to_string())),
    }
}

/// Body that is being decompressed.
struct Work {
    unpacker: Unpacker,
    out: Vec<u8>,
    held: Permit,
    room: Budget,
    limit: usize,
}

/// Reason why decompression stopped early.
enum Stopped {
    Unread(Unread),
    Broken(io::Error),
}

impl Work {
    /// Decompresses up to about so many bytes more. Returns true at the end of the body.
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
                        "{left} bytes follow the end of the compressed data"
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

    /// Makes room for more output, a byte beyond the limit at most, if there is none left.
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
    /// Number of parts begun, and total output.
    parts: usize,
    came: usize,
}

/// Part that is being decompressed. Only gzip members and zstd frames may follow each other.
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

    /// Number of compressed bytes that are not read yet.
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
            // It reports bytes after its end when it is asked again.
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

    /// Starts the part that follows it.
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

/// True if it begins with an RFC 1950 header.
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
            // A large compressed body waits, and has the same limits.
            let most = unpacked(encoding, part.repeat(10_000), 0).await;
            assert_eq!(most.map(drop), Err(Unread::Full));
            let most = unpacked(encoding, part.repeat(10_000), 1).await;
            assert!(matches!(most, Err(Unread::NotPacked { .. })));
        }
    }
}
