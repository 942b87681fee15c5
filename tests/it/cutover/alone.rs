//! One cutover at a time at a virtual host: a second one changes nothing, and says why.

use event_grpc::broker::{Address, Cutover};
use event_grpc::generated::PIPELINE;

use super::{cutover, old, queues};
use crate::support::topology::Vhost;

const QUEUE: &str = "post_log_events_q";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cutover_at_the_same_time_changes_nothing() {
    let vhost = Vhost::create();
    old::declare(&vhost.url()).await;
    let mut declared = PIPELINE.queues.iter();
    let binding = &declared.find(|queue| queue.name == QUEUE).unwrap().bindings[0];
    old::publish(&vhost.url(), binding.exchange, binding.routing_key, 50).await;

    let address = Address::parse(&vhost.url()).unwrap();
    let first = Cutover::dial(&address).await.unwrap();
    let lock = first.lock("event_grpc.cutover").await.unwrap();
    let second = Cutover::dial(&address).await.unwrap();
    assert!(second.lock("event_grpc.cutover").await.is_none());
    let (good, said) = cutover(&vhost, &["--queue", QUEUE]);
    assert!(!good, "{said}");
    assert!(
        said.contains("another event-grpc cutover is under way"),
        "{said}"
    );
    assert_eq!(queues(&vhost)[QUEUE], "classic", "{said}");
    // Who only looks needs no lock.
    let (_, said) = cutover(&vhost, &["--check"]);
    assert!(
        said.contains(&format!("differs     queue {QUEUE}")),
        "{said}"
    );

    lock.release().await;
    let (good, said) = cutover(&vhost, &["--queue", QUEUE]);
    assert!(good && said.contains("replaced"), "{said}");
    assert_eq!(queues(&vhost)[QUEUE], "quorum");
    // One that is killed leaves no lock behind: it ends with its connection.
    let lock = second.lock("event_grpc.cutover").await.unwrap();
    second.close().await;
    drop(lock);
    let (good, said) = cutover(&vhost, &["--queue", QUEUE]);
    assert!(good, "{said}");
    first.close().await;
    vhost.delete();
}
