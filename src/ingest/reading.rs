//! Requests that are being read count against a budget, from their first byte until they are answered, packed or
//! unpacked: how many arrive at once is up to their senders.

mod uploads;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use futures_util::FutureExt as _;
use http::header;
use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::Code;

use super::encoding::{Encoding, TURNS};
use crate::listen::{Pace, Peer};
use crate::weight::{self, Permit};
use uploads::{Upload, Uploads};

/// How long a request waits for the room of those that were given up for it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The part of the budget that unfinished requests of one connection may have.
const SHARE: u64 = 4;

/// The first size of a buffer, unless it is said that less comes.
const STEP: usize = 4 << 10;

/// How much is repeated of what a sender said, in characters.
pub(super) const SHOWN: usize = 100;

/// How many bytes of a source's requests may be in memory. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    room: weight::Budget,
    /// How much unfinished requests of one connection may have.
    share: u64,
    uploads: Arc<Uploads>,
    /// The turns of bodies that are unpacked.
    turns: Arc<Semaphore>,
}

/// A body, or a part of it, with its share of the budget.
#[derive(Debug)]
pub struct Read {
    /// The bytes.
    pub bytes: Bytes,
    /// Their share, to be given back when the request is answered.
    pub held: Permit,
}

/// Why a request could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There is no room; later there may be.
    #[error("the server has as many requests as it can hold; try again in a second")]
    Full,
    /// Its connection has as many unfinished requests as it may.
    #[error(
        "the unfinished requests of this connection have {share} bytes together, which is all they may; finish some"
    )]
    Share {
        /// All they may have, in bytes.
        share: u64,
    },
    /// It is larger than the source takes, as it came or unpacked.
    #[error("the request is larger than {limit} bytes; send fewer events at once")]
    TooLarge {
        /// The largest request, in bytes.
        limit: usize,
    },
    /// It comes too slowly.
    #[error(
        "the body did not arrive in time: at least {least} bytes should come in {window:?}, and all of it in {longest:?}"
    )]
    Slow {
        /// So many bytes …
        least: usize,
        /// … should come in such a time …
        window: Duration,
        /// … and all in that.
        longest: Duration,
    },
    /// It made no progress while its room was needed.
    #[error("the body made no progress, and its room was needed for others; send it again")]
    GivenUp,
    /// The connection broke, or the body isn't what HTTP allows.
    #[error("the body could not be read to its end: {0}")]
    Broken(String),
    /// It is packed in a way that isn't known.
    #[error("the body is packed as {found:?}; it should be {known}, or not packed at all")]
    Encoding {
        /// What was said.
        found: String,
        /// What is known.
        known: &'static str,
    },
    /// It isn't packed in the way that it says.
    #[error("the body is not {name}, as {header} says: {reason}")]
    NotPacked {
        /// The encoding.
        name: &'static str,
        /// Where that was said.
        header: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// It isn't one gRPC message.
    #[error("{text}")]
    Framing {
        /// What gRPC calls it.
        code: Code,
        /// What is wrong.
        text: String,
    },
}

impl Unread {
    /// A short stable word for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Unread::Full => "full",
            Unread::Share { .. } => "share",
            Unread::TooLarge { .. } => "too_large",
            Unread::Slow { .. } => "slow",
            Unread::GivenUp => "given_up",
            Unread::Broken(_) => "broken",
            Unread::Encoding { .. } => "encoding",
            Unread::NotPacked { .. } => "not_packed",
            Unread::Framing { .. } => "framing",
        }
    }
}

impl Budget {
    /// A budget for as many bytes as may be unanswered, and for as many that are still being read.
    pub fn new(bytes: u64) -> Self {
        let room = weight::Budget::new(bytes.saturating_mul(2));
        Budget {
            share: room.bytes() / SHARE,
            room,
            uploads: Arc::default(),
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }

    /// Reads a body of at most `limit` bytes. `check` sees what came so far, and may refuse it.
    pub async fn read(
        &self,
        request: Request,
        limit: usize,
        check: impl Fn(&[u8]) -> Result<(), Unread>,
    ) -> Result<Read, Unread> {
        let said = request.headers().get(header::CONTENT_LENGTH);
        let said = said.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if said.is_some_and(|length| length > limit as u64) {
            return Err(Unread::TooLarge { limit });
        }
        let peer = request.extensions().get::<Arc<Peer>>().cloned();
        let mut progress = Progress::new(peer.as_ref().map(|peer| peer.pace()));
        let mut body = request.into_body();
        let mut upload = Upload::new(&self.uploads, peer);
        let mut taken = Vec::new();
        let mut held = self.hold(0).await?;
        // What is said is believed only as far as it is small.
        let most = said.map_or(limit, |length| length as usize);
        self.grow(&mut taken, &mut held, &upload, most.min(STEP), most)
            .await?;
        loop {
            let frame = match body.frame().now_or_never() {
                Some(frame) => frame,
                None => loop {
                    upload.waits();
                    let frame = tokio::select! {
                        () = upload.given_up() => return Err(Unread::GivenUp),
                        frame = timeout_at(progress.deadline(), body.frame()) => frame,
                    };
                    match frame {
                        Ok(frame) => break frame,
                        Err(_) => progress.judge()?,
                    }
                },
            };
            let Some(frame) = frame else {
                break;
            };
            let frame = frame.map_err(|error| Unread::Broken(causes(&error)))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let len = taken.len() + data.len();
            if len > limit {
                return Err(Unread::TooLarge { limit });
            }
            self.grow(&mut taken, &mut held, &upload, len, most).await?;
            taken.extend_from_slice(&data);
            check(&taken)?;
            progress.came(data.len())?;
            upload.came(data.len());
        }
        Ok(Read {
            bytes: taken.into(),
            held,
        })
    }

    /// Unpacks what was read. What comes out may have `limit` bytes.
    pub async fn unpack(
        &self,
        packed: Read,
        encoding: Encoding,
        header: &'static str,
        limit: usize,
    ) -> Result<Read, Unread> {
        super::encoding::unpack(&self.room, &self.turns, packed, encoding, header, limit).await
    }

    /// Makes room in a buffer for `len` bytes, if it has less: twice of what it had, but not more than `most`.
    async fn grow(
        &self,
        taken: &mut Vec<u8>,
        held: &mut Permit,
        upload: &Upload,
        len: usize,
        most: usize,
    ) -> Result<(), Unread> {
        if len <= taken.capacity() {
            return Ok(());
        }
        let len = len.max((taken.capacity() * 2).min(most));
        let more = (len as u64).saturating_sub(held.bytes());
        if more > 0 {
            // One request may always be read.
            let share = self.share.max(most as u64 * 2);
            if !upload.hold(more, share) {
                return Err(Unread::Share { share });
            }
            held.merge(self.hold(more).await?);
        }
        taken.reserve_exact(len - taken.len());
        Ok(())
    }

    /// Room for so many bytes. If there is none, bodies that make no progress are given up for it.
    async fn hold(&self, bytes: u64) -> Result<Permit, Unread> {
        if let Some(held) = self.room.try_acquire(bytes) {
            return Ok(held);
        }
        if !self.uploads.give_up(bytes) {
            return Err(Unread::Full);
        }
        timeout(PATIENCE, self.room.acquire(bytes))
            .await
            .map_err(|_| Unread::Full)
    }
}

/// Whether a body comes fast enough.
struct Progress {
    pace: Pace,
    ends: Instant,
    window_ends: Instant,
    in_window: usize,
}

impl Progress {
    fn new(pace: Option<Pace>) -> Self {
        let pace = pace.unwrap_or_default();
        let now = Instant::now();
        Progress {
            pace,
            ends: now + pace.longest,
            window_ends: now + pace.window,
            in_window: 0,
        }
    }

    /// When to judge it.
    fn deadline(&self) -> Instant {
        self.ends.min(self.window_ends)
    }

    fn came(&mut self, bytes: usize) -> Result<(), Unread> {
        self.in_window += bytes;
        if Instant::now() < self.deadline() {
            return Ok(());
        }
        self.judge()
    }

    fn judge(&mut self) -> Result<(), Unread> {
        let now = Instant::now();
        let Pace {
            longest,
            window,
            least,
            ..
        } = self.pace;
        if now >= self.ends || self.in_window < least {
            return Err(Unread::Slow {
                least,
                window,
                longest,
            });
        }
        self.window_ends = now + window;
        self.in_window = 0;
        Ok(())
    }
}

/// An error with what it says of its causes.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
