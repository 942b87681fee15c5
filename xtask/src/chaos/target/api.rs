//! HTTP API of a partner, in this process: it remembers what it got under which idempotency key, and answers as a fault
//! tells it to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use crate::services::ports;

/// Start of the names of those whose messages it refuses for good.
const REFUSED: &str = "poison-";

/// Time for which it says nothing while it hangs, at a time.
const MOMENT: Duration = Duration::from_millis(20);

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Answer {
    /// It takes the message.
    Taken = 0,
    /// 500, and the message isn't taken.
    Broken = 1,
    /// 429 with a Retry-After, and the message isn't taken.
    TooMany = 2,
    /// None, until something else is answered; then the connection ends.
    Hangs = 3,
    /// It takes the message, and the connection ends instead of an answer.
    Lost = 4,
    /// Connections end at once.
    Down = 5,
}

/// All answers but the good one.
pub(crate) const FAULTY: [Answer; 5] = [
    Answer::Broken,
    Answer::TooMany,
    Answer::Hangs,
    Answer::Lost,
    Answer::Down,
];

/// What it got of one message.
#[derive(Debug, Default, Serialize)]
struct Received {
    keys: BTreeSet<String>,
    requests: u64,
    /// Requests that it took.
    taken: u64,
}

/// The API. It runs until the process ends.
#[derive(Clone)]
pub(crate) struct Api {
    port: u16,
    answer: Arc<AtomicU8>,
    received: Arc<Mutex<BTreeMap<String, Received>>>,
}

/// A request.
struct Request {
    get: bool,
    /// True if the connection ends with it.
    last: bool,
    key: String,
    body: Vec<u8>,
}

impl Api {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let port = ports::free()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let api = Api {
            port,
            answer: Arc::new(AtomicU8::new(Answer::Taken as u8)),
            received: Arc::default(),
        };
        let serving = api.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let api = serving.clone();
                // A connection that ends is part of the trouble.
                thread::spawn(move || api.serve(stream).ok());
            }
        });
        Ok(api)
    }

    /// URL under which messages are posted to it, and under which GET tells what it got.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/messages", self.port)
    }

    /// Answers so from now on.
    pub(crate) fn set(&self, answer: Answer) {
        self.answer.store(answer as u8, Ordering::Relaxed);
    }

    fn does(&self, answer: Answer) -> bool {
        self.answer.load(Ordering::Relaxed) == answer as u8
    }

    /// Answers the requests of a connection, until one ends it.
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(request) = Request::read(&mut reader)? {
            let (get, last) = (request.get, request.last);
            let answer = match get {
                true => Some(answer("200 OK", &serde_json::to_string(&*self.received())?)),
                false => self.take(request),
            };
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes())?,
                None => return Ok(()),
            }
            if last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The answer to a message; none if the connection ends without one.
    fn take(&self, request: Request) -> Option<String> {
        if self.does(Answer::Down) {
            return None;
        }
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let name = message["userId"].as_str().unwrap_or_default().to_owned();
        let taken = self.does(Answer::Taken) || self.does(Answer::Lost);
        let refused = name.starts_with(REFUSED);
        if refused && taken {
            return Some(answer("422 Unprocessable Content", "unknown"));
        }
        if !refused {
            let mut received = self.received();
            let of = received.entry(name).or_default();
            of.keys.insert(request.key);
            of.requests += 1;
            of.taken += u64::from(taken);
        }
        if self.does(Answer::Hangs) {
            while self.does(Answer::Hangs) {
                thread::sleep(MOMENT);
            }
            return None;
        }
        match taken {
            true if self.does(Answer::Lost) => None,
            true => Some(answer("200 OK", "")),
            false if self.does(Answer::TooMany) => {
                Some(answer("429 Too Many Requests\r\nRetry-After: 1", ""))
            }
            false => Some(answer("500 Internal Server Error", "")),
        }
    }

    fn received(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    /// The next one of a connection; none if it has ended.
    fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let get = line.starts_with("GET ");
        let (mut key, mut length, mut last) = (String::new(), 0, false);
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "idempotency-key" => key = value.trim().to_owned(),
                "connection" => last = value.trim().eq_ignore_ascii_case("close"),
                "content-length" => length = value.trim().parse().unwrap_or(0),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Request {
            get,
            last,
            key,
            body,
        }))
    }
}

/// Answer with a body.
fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}")
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Answer::Taken => "the API takes messages",
            Answer::Broken => "the API answers 500",
            Answer::TooMany => "the API answers 429",
            Answer::Hangs => "the API hangs",
            Answer::Lost => "the API takes messages and its answers are lost",
            Answer::Down => "the API is down",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use crate::http::request;

    fn post(api: &Api, name: &str, key: &str) -> Option<u16> {
        let body = format!(r#"{{"userId":"{name}"}}"#);
        let key = format!("Idempotency-Key: {key}");
        let answer = request("POST", api.port, "/messages", &[&key], &body);
        answer.ok().map(|(status, _)| status)
    }

    #[test]
    fn it_answers_as_it_is_told_and_remembers_keys() {
        let api = Api::start().unwrap();
        let mut statuses = vec![post(&api, "a", "1"), post(&api, "poison-1", "0")];
        for answer in [Answer::Broken, Answer::TooMany, Answer::Lost, Answer::Down] {
            api.set(answer);
            statuses.push(post(&api, "b", "2"));
        }
        let wanted = [Some(200), Some(422), Some(500), Some(429), None, None];
        assert_eq!(statuses, wanted);
        api.set(Answer::Taken);
        assert_eq!(post(&api, "b", "3"), Some(200));
        let (status, told) = request("GET", api.port, "/messages", &[], "").unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(status, 200);
        assert_eq!(
            told,
            serde_json::json!({
                "a": {"keys": ["1"], "requests": 1, "taken": 1},
                "b": {"keys": ["2", "3"], "requests": 4, "taken": 2},
            })
        );
    }

    #[test]
    fn it_hangs_until_it_does_something_else() {
        let api = Api::start().unwrap();
        api.set(Answer::Hangs);
        let asking = api.clone();
        let asked = thread::spawn(move || post(&asking, "a", "1"));
        while api.received().is_empty() {
            thread::sleep(MOMENT);
        }
        thread::sleep(5 * MOMENT);
        assert!(!asked.is_finished());
        api.set(Answer::Taken);
        assert_eq!(asked.join().unwrap(), None);
    }
}
