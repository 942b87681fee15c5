//! Reads request bodies within a budget, from their first byte until they are answered, compressed or not: the number
//! of concurrent requests is up to the clients.

mod uploads;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use futures_util::FutureExt as _;
use http::header;
use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::body::{Read, Unread};
use super::encoding::{Encoding, TURNS};
use crate::listen::{Pace, Peer};
use crate::weight::{self, Permit};
use uploads::{Upload, Uploads};

/// How long a request waits for the room of aborted bodies.
const TIME_LIMIT: Duration = Duration::from_millis(500);

/// Fraction of the budget for unfinished requests of one connection.
const SHARE: u64 = 4;

/// Fraction of the budget for unfinished requests of one address that nothing proves yet.
const SHARE_OF_ADDRESS: u64 = 2;

/// Initial size of a buffer, unless a smaller body is announced.
const STEP: usize = 4 << 10;

/// Maximum length of quoted input, in characters.
pub(super) const SHOWN: usize = 100;

/// Budget of a source's request bytes in memory. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    room: weight::Budget,
    /// Maximum for unfinished requests of one connection.
    share: u64,
    /// Maximum for unfinished requests of one address; none if requests are proved before they are read.
    of_address: Option<u64>,
    uploads: Arc<Uploads>,
    /// Turns of bodies that are decompressed.
    turns: Arc<Semaphore>,
}

impl Budget {
    /// Creates a budget for as many bytes as may be unanswered, and for as many that are still being read.
    pub fn new(bytes: u64) -> Self {
        let room = weight::Budget::new(bytes.saturating_mul(2));
        Budget {
            share: room.bytes() / SHARE,
            of_address: None,
            room,
            uploads: Arc::default(),
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }

    /// Makes it a budget of requests that only their bodies prove. Anybody's bodies are read then, so one address may
    /// have a half of it, and when room is needed those are aborted that have been coming for long, though they do
    /// come: only who sends all of it again and again can take up room.
    pub(super) fn of_unproved(&mut self) {
        self.of_address = Some(self.room.bytes() / SHARE_OF_ADDRESS);
    }

    /// Reads a body of at most `limit` bytes. `check` sees the bytes received so far, and may refuse them.
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
        let mut upload = Upload::new(&self.uploads, peer, self.of_address.is_some());
        let mut taken = Vec::new();
        let mut held = self.hold(0).await?;
        // An announced length is trusted only as far as it is small.
        let most = said.map_or(limit, |length| length as usize);
        self.grow(&mut taken, &mut held, &mut upload, most.min(STEP), most)
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
            self.grow(&mut taken, &mut held, &mut upload, len, most)
                .await?;
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

    /// Decompresses a body. The output may have `limit` bytes.
    pub async fn unpack(
        &self,
        packed: Read,
        encoding: Encoding,
        header: &'static str,
        limit: usize,
    ) -> Result<Read, Unread> {
        super::encoding::unpack(&self.room, &self.turns, packed, encoding, header, limit).await
    }

    /// Makes room in a buffer for `len` bytes, if it has less: twice its size, but not more than `most`.
    async fn grow(
        &self,
        taken: &mut Vec<u8>,
        held: &mut Permit,
        upload: &mut Upload,
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
            if let Some(share) = self.of_address {
                self.hold_of_address(upload, more, share.max(most as u64))
                    .await?;
            }
            held.merge(self.hold(more).await?);
        }
        taken.reserve_exact(len - taken.len());
        Ok(())
    }

    /// Takes so many bytes of the share of an address. If there are none, bodies are aborted for it that have been coming
    /// for long.
    async fn hold_of_address(
        &self,
        upload: &mut Upload,
        bytes: u64,
        share: u64,
    ) -> Result<(), Unread> {
        let until = Instant::now() + TIME_LIMIT;
        let mut gave_up = false;
        while !upload.hold_of_address(bytes, share) {
            gave_up = gave_up || self.uploads.give_up(bytes);
            if Instant::now() >= until {
                return Err(Unread::Full);
            }
            sleep(TIME_LIMIT / 10).await;
        }
        Ok(())
    }

    /// Takes room for so many bytes. If there is none, bodies that make no progress are aborted for it.
    async fn hold(&self, bytes: u64) -> Result<Permit, Unread> {
        if let Some(held) = self.room.try_acquire(bytes) {
            return Ok(held);
        }
        if !self.uploads.give_up(bytes) {
            return Err(Unread::Full);
        }
        timeout(TIME_LIMIT, self.room.acquire(bytes))
            .await
            .map_err(|_| Unread::Full)
    }
}

/// Minimum pace of a body.
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

    /// Next time to check it.
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

/// Error with the texts of its causes.
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
