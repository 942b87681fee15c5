//! RabbitMQ behind a line that breaks: what publishers learn, and that nothing is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_grpc::broker::{Broker, Link, Outgoing, PublishError, Settled};
use tokio::time::{sleep, timeout};

use super::fixture::{Fixture, TIME_LIMIT, all_sent, nothing, receive, send, text};
use super::proxy::{Line, Proxy};
use super::rabbit::{connected, remove, until, url};
use event_grpc::broker::{Address, Rabbit, RabbitOptions};

/// A proxy before the server, and the URL that leads through it.
async fn through(line: Line) -> (Proxy, String) {
    let url = url();
    let (user, rest) = url.rsplit_once('@').expect("the URL names a user");
    let (server, vhost) = rest.split_once('/').expect("the URL names a virtual host");
    let proxy = Proxy::before(server.to_owned(), line).await;
    let url = format!("{user}@{}/{vhost}", proxy.address);
    (proxy, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_doesnt_wait_for_the_broker() {
    let names = Fixture::new();
    let (proxy, url) = through(Line::Cut).await;
    let address = Address::parse(&url).unwrap();
    let began = Instant::now();
    let broker: Arc<dyn Broker> = Arc::new(Rabbit::connect(
        address,
        names.topology.clone(),
        RabbitOptions::default(),
    ));
    let one = broker.consume(names.one).unwrap();
    let refused = broker
        .publish(Outgoing::new(names.direct, "one", "early"))
        .await
        .unwrap_err();
    assert!(matches!(refused, PublishError::Down { .. }), "{refused}");
    assert!(!refused.may_be_taken() && refused.retry_helps());
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(matches!(broker.status().borrow().link, Link::Down { .. }));
    proxy.set(Line::Open);
    until(&*broker, |link| *link == Link::Up).await;
    all_sent(send(&broker, vec![Outgoing::new(names.direct, "one", "x")])).await;
    let delivery = receive(&one).await;
    assert_eq!(text(&delivery), "x");
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_makes_the_fate_of_messages_unknown() {
    let names = Fixture::new();
    let (proxy, url) = through(Line::Open).await;
    let broker = connected(&names, &url).await;
    let one = broker.consume(names.one).unwrap();
    all_sent(send(&broker, vec![Outgoing::new(names.direct, "one", "1")])).await;
    let first = receive(&one).await;
    proxy.set(Line::Held);
    let messages = ["2", "3"].map(|body| Outgoing::new(names.direct, "one", body));
    let sent = send(&broker, messages.into());
    sleep(Duration::from_millis(500)).await;
    assert!(!sent.is_finished(), "nothing has confirmed them");
    proxy.set(Line::Cut);
    for result in timeout(Duration::from_secs(5), sent)
        .await
        .unwrap()
        .unwrap()
    {
        let error = result.unwrap_err();
        assert!(error.may_be_taken() && error.retry_helps(), "{error}");
    }
    until(&*broker, |link| matches!(link, Link::Down { .. })).await;
    proxy.set(Line::Open);
    // The broker did have them. Which comes first depends on when it noticed that the line to us was cut.
    let mut again = Vec::new();
    for _ in 0..3 {
        again.push(receive(&one).await);
    }
    again.sort_by(|a, b| text(a).cmp(text(b)));
    let bodies: Vec<_> = again.iter().map(text).collect();
    assert_eq!((bodies, again[0].redelivered), (vec!["1", "2", "3"], true));
    // What we held before the cut isn't ours to settle any more.
    assert_eq!(first.ack.ack().await, Settled::Lost);
    for delivery in again {
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    nothing(&one).await;
    until(&*broker, |link| *link == Link::Up).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_the_line_breaks_again_and_again() {
    let names = Fixture::new();
    let (proxy, url) = through(Line::Open).await;
    let broker = connected(&names, &url).await;
    let two = broker.consume(names.two).unwrap();
    let publishing = {
        let broker = Arc::clone(&broker);
        let (topic, mut published) = (names.topic, BTreeSet::new());
        tokio::spawn(async move {
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(6) {
                let body = published.len().to_string();
                let message = Outgoing::new(topic, "a", body.clone());
                match broker.publish(message).await {
                    Ok(()) => drop(published.insert(body)),
                    Err(error) => {
                        assert!(error.retry_helps(), "{error}");
                        sleep(Duration::from_millis(20)).await;
                    }
                }
            }
            published
        })
    };
    let cutting = tokio::spawn(async move {
        for _ in 0..4 {
            sleep(Duration::from_millis(900)).await;
            proxy.set(Line::Cut);
            sleep(Duration::from_millis(200)).await;
            proxy.set(Line::Open);
        }
        proxy
    });
    let mut received = BTreeSet::new();
    while !publishing.is_finished() {
        if let Ok(Some(delivery)) = timeout(Duration::from_millis(100), two.next()).await {
            let body = text(&delivery).to_owned();
            // Only what was acknowledged for certain counts; the rest comes again.
            if delivery.ack.ack().await == Settled::Done {
                received.insert(body);
            }
        }
    }
    let published = publishing.await.unwrap();
    let _proxy = cutting.await.unwrap();
    let waiting = timeout(TIME_LIMIT, async {
        while !published.is_subset(&received) {
            let delivery = receive(&two).await;
            let body = text(&delivery).to_owned();
            if delivery.ack.ack().await == Settled::Done {
                received.insert(body);
            }
        }
    });
    waiting.await.expect("all that was confirmed arrives");
    // Their number depends on the disk: each waits until the broker has written it.
    assert!(published.len() > 4, "{} published", published.len());
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_broker_refuses_at_once_and_recovers() {
    /// A method of AMQP's class `connection`, as a frame.
    fn frame(method: u16, arguments: &[u8]) -> Vec<u8> {
        let size = u32::try_from(4 + arguments.len()).unwrap();
        let mut frame = vec![1, 0, 0];
        frame.extend(size.to_be_bytes());
        frame.extend(10_u16.to_be_bytes());
        frame.extend(method.to_be_bytes());
        frame.extend(arguments);
        frame.push(0xCE);
        frame
    }
    let names = Fixture::new();
    let (proxy, url) = through(Line::Open).await;
    let broker = connected(&names, &url).await;
    proxy.say(frame(60, b"\x0blow on disk"));
    until(&*broker, |link| matches!(link, Link::Blocked { .. })).await;
    // One of the two connections has heard it; so will the other.
    sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let refused = broker
        .publish(Outgoing::new(names.direct, "one", "x"))
        .await
        .unwrap_err();
    assert!(matches!(refused, PublishError::Blocked { .. }), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(2));
    proxy.say(frame(61, b""));
    until(&*broker, |link| *link == Link::Up).await;
    all_sent(send(&broker, vec![Outgoing::new(names.direct, "one", "x")])).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up() {
    let names = Fixture::new();
    let (proxy, url) = through(Line::Silent).await;
    let address = Address::parse(&url).unwrap();
    let broker = Rabbit::connect(address, names.topology.clone(), RabbitOptions::default());
    let silent = |link: &Link| matches!(link, Link::Down { reason, .. } if reason.contains("doesn't answer"));
    until(&broker, silent).await;
    proxy.set(Line::Open);
    until(&broker, |link| *link == Link::Up).await;
    remove(&names).await;
}
