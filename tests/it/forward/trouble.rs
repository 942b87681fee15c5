//! A target that is wrong or gone: its messages wait, uncounted, and one of them tries it.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::server::{Reply, Server, status};
use super::support::{KEY, Options, message, run};

#[tokio::test]
async fn a_target_that_refuses_the_key_pauses_until_it_is_fixed() {
    let server = Server::start().await;
    let options = Options {
        workers: 4,
        ..Options::default()
    };
    let running = run(&server.url("/events"), options);
    server.answer(|_| Some(Reply::Status(401, Vec::new(), "who are you?".into())));
    let waiting: Vec<_> = (0..20).map(|n| running.publish(message(n))).collect();
    let reason = running.is_paused().await;
    let url = server.url("/events");
    assert_eq!(
        reason,
        format!("{url} answered 401 Unauthorized: who are you?")
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = server.seen().len();
    assert!(before <= 4, "each worker tries once: {before}");
    tokio::time::sleep(Duration::from_millis(3000)).await;
    let tried = server.seen().len() - before;
    assert!((2..=4).contains(&tried), "one a second: {tried}");
    server.answer(|_| None);
    for waiting in waiting {
        tokio::time::timeout(Duration::from_secs(10), waiting)
            .await
            .unwrap()
            .unwrap();
    }
    assert_eq!(running.paused(), None);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start().await;
    let elsewhere = Server::start().await;
    let running = run(&server.url("/"), Options::default());
    server.script([Reply::Status(
        307,
        vec![("location", elsewhere.url("/"))],
        String::new(),
    )]);
    running.settled(message(1)).await;
    assert_eq!(server.seen().len(), 2);
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_target_that_is_gone_pauses_until_it_is_back() {
    let server = Server::start().await;
    let (address, url) = (server.address(), server.url("/events"));
    let running = run(&url, Options::default());
    running.settled(message(1)).await;
    drop(server);
    let waiting = running.publish(message(2));
    let reason = running.is_paused().await;
    assert!(reason.starts_with(&url), "{reason}");
    assert!(reason.contains("refused"), "{reason}");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!waiting.is_finished());
    let server = Server::at(address).await;
    tokio::time::timeout(Duration::from_secs(5), waiting)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(server.seen().len(), 1);
    assert_eq!(running.paused(), None);
}

#[tokio::test]
async fn a_name_that_nobody_knows_pauses() {
    let running = run("http://nowhere.invalid:9/", Options::default());
    let _waiting = running.publish(message(1));
    let reason = running.is_paused().await;
    assert!(
        reason.starts_with("http://nowhere.invalid:9/: "),
        "{reason}"
    );
}

#[tokio::test]
async fn a_message_goes_back_when_the_server_stops_and_keeps_its_key() {
    let server = Server::start().await;
    let mut running = run(&server.url("/"), Options::default());
    server.script([status(403)]);
    let waiting = running.publish(message(1));
    running.is_paused().await;
    running.stop().await;
    assert!(!waiting.is_finished(), "the broker has it again");
    running.start_again();
    waiting.await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|seen| seen.headers["idempotency-key"] == "id-1")
    );

    // The same in the middle of a pause between two attempts.
    server.script([status(500), status(500), status(500)]);
    let waiting = running.publish(message(2));
    server.has_seen(5).await;
    running.stop().await;
    running.start_again();
    waiting.await.unwrap();
    assert!(
        server.seen()[2..]
            .iter()
            .all(|seen| seen.headers["idempotency-key"] == "id-2")
    );
}

/// Log lines of this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Logged {
    type Writer = Logged;

    fn make_writer(&self) -> Logged {
        self.clone()
    }
}

#[tokio::test]
async fn secrets_stay_out_of_logs_and_states() {
    let logged = Logged::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(logged.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::start().await;
    let url = format!(
        "http://me:pa55word@{}/events?license=abcdef",
        server.address()
    );
    let running = run(&url, Options::default());
    let echo = format!("you said {KEY} abcdef pa55word bWU6cGE1NXdvcmQ=");
    server.script([
        Reply::Status(500, Vec::new(), echo.clone()),
        Reply::Status(403, Vec::new(), echo.clone()),
    ]);
    let waiting = running.publish(message(1));
    let reason = running.is_paused().await;
    waiting.await.unwrap();
    drop(server);
    let _waiting = running.publish(message(2));
    let gone = running.is_paused().await;
    let logged = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("A request failed and is repeated."),
        "{logged}"
    );
    assert!(
        logged.contains("Paused: the target accepts nothing."),
        "{logged}"
    );
    assert!(
        reason.ends_with("answered 403 Forbidden: you said *** *** *** ***"),
        "{reason}"
    );
    for text in [&logged, &reason, &gone] {
        for secret in [KEY, "abcdef", "pa55word", "bWU6cGE1NXdvcmQ="] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
