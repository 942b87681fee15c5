//! Packed bodies: gzip, deflate, brotli and zstd, unpacked step by step into a budget.

use std::io::{self, Read as _};
use std::time::Duration;

use axum::body::Bytes;
use brotli_decompressor::Decompressor;
use bytes::Buf as _;
use bytes::buf::Reader;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::reading::{Read, Unread};
use crate::weight::{Budget, Permit};

/// How many bodies are unpacked at once in this process: each needs a window of up to 16 MiB, and a core.
static UNPACKING: Semaphore = Semaphore::const_new(2);

/// How long a body waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is unpacked at once, and how much of a body where it is: what is larger has a thread of its own.
const STEP: usize = 32 << 10;
const HERE: usize = 128 << 10;

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
    packed: Read,
    encoding: Encoding,
    header: &'static str,
    limit: usize,
) -> Result<Read, Unread> {
    let Ok(Ok(turn)) = timeout(PATIENCE, UNPACKING.acquire()).await else {
        return Err(Unread::Full);
    };
    let not_packed = move |reason: String| Unread::NotPacked {
        name: encoding.name(),
        header,
        reason,
    };
    let mut work = Work {
        unpacker: Unpacker::new(encoding, packed.bytes).map_err(|e| not_packed(e.to_string()))?,
        _packed: packed.held,
        out: Vec::new(),
        held: room.try_acquire(0).ok_or(Unread::Full)?,
        room: room.clone(),
        limit,
    };
    let told = move |error: Stopped| match error {
        Stopped::Unread(unread) => unread,
        Stopped::Broken(error) => not_packed(error.to_string()),
    };
    if !work.go_on(HERE).map_err(told)? {
        let rest = move || {
            let _turn = turn;
            work.go_on(usize::MAX).map(|_| work)
        };
        work = match tokio::task::spawn_blocking(rest).await {
            Ok(work) => work.map_err(told)?,
            Err(failed) => return Err(not_packed(failed.to_string())),
        };
    }
    Ok(Read {
        bytes: work.out.into(),
        held: work.held,
    })
}

/// A body that is being unpacked.
struct Work {
    unpacker: Unpacker,
    _packed: Permit,
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

enum Unpacker {
    Gzip(MultiGzDecoder<Reader<Bytes>>),
    Zlib(ZlibDecoder<Reader<Bytes>>),
    Deflate(DeflateDecoder<Reader<Bytes>>),
    Brotli(Box<Decompressor<Reader<Bytes>>>),
    /// Frames follow each other. There is none between two, and after an error.
    Zstd(Option<Box<Frames>>),
}

type Frames = StreamingDecoder<Reader<Bytes>, ruzstd::decoding::FrameDecoder>;

impl Unpacker {
    fn new(encoding: Encoding, packed: Bytes) -> io::Result<Self> {
        Ok(match encoding {
            Encoding::Gzip => Unpacker::Gzip(MultiGzDecoder::new(packed.reader())),
            Encoding::Deflate if is_zlib(&packed) => {
                Unpacker::Zlib(ZlibDecoder::new(packed.reader()))
            }
            Encoding::Deflate => Unpacker::Deflate(DeflateDecoder::new(packed.reader())),
            Encoding::Brotli => {
                Unpacker::Brotli(Box::new(Decompressor::new(packed.reader(), STEP)))
            }
            Encoding::Zstd => {
                let frames = Frames::new_with_max_window_size(packed.reader(), WINDOW);
                Unpacker::Zstd(Some(Box::new(frames.map_err(io::Error::other)?)))
            }
        })
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Unpacker::Gzip(reader) => reader.read(into),
            Unpacker::Zlib(reader) => reader.read(into),
            Unpacker::Deflate(reader) => reader.read(into),
            // It tells of bytes that follow its end when it is asked again.
            Unpacker::Brotli(reader) => match reader.read(into)? {
                0 => reader.read(into),
                came => Ok(came),
            },
            Unpacker::Zstd(reader) => {
                while let Some(frames) = reader {
                    let came = frames.read(into)?;
                    if came > 0 || !frames.get_ref().get_ref().has_remaining() {
                        return Ok(came);
                    }
                    let next = reader.take().map(|frames| frames.into_parts());
                    if let Some((packed, decoder)) = next {
                        let frames = Frames::new_with_decoder(packed, decoder);
                        *reader = Some(Box::new(frames.map_err(io::Error::other)?));
                    }
                }
                Ok(0)
            }
        }
    }

    /// How much was packed and isn't read.
    fn left(&self) -> usize {
        let packed = match self {
            Unpacker::Gzip(reader) => reader.get_ref(),
            Unpacker::Zlib(reader) => reader.get_ref(),
            Unpacker::Deflate(reader) => reader.get_ref(),
            Unpacker::Brotli(reader) => reader.get_ref(),
            Unpacker::Zstd(Some(reader)) => reader.get_ref(),
            Unpacker::Zstd(None) => return 0,
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
