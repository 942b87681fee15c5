//! Several addresses of a broker: the ones that don't answer are passed over.

use std::time::Duration;

use event_grpc::broker::{Address, Broker as _, Link, Outgoing, Rabbit, RabbitOptions, Topology};

use super::pipeline;
use crate::support::topology::Vhost;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_answer_is_passed_over() {
    let vhost = Vhost::create();
    let url = url::Url::parse(&vhost.url()).unwrap();
    let good = format!("127.0.0.1:{}", url.port().unwrap());
    let account = format!("{}:{}", url.username(), url.password().unwrap_or_default());
    for hosts in [
        format!("127.0.0.1:1,{good}"),
        format!("{good},127.0.0.1:1"),
        format!("127.0.0.1:1,127.0.0.1:2,{good}"),
    ] {
        let several = format!("amqp://{account}@{hosts}{}", url.path());
        let topology = Topology::of(pipeline(0), |_| true);
        let address = Address::parse(&several).unwrap();
        let broker = Rabbit::connect(address, topology, RabbitOptions::default());
        let mut status = broker.status();
        let up = status.wait_for(|s| s.link == Link::Up);
        let up = tokio::time::timeout(Duration::from_secs(20), up).await;
        // What it holds would hold the broker up.
        let is_up = up.map(drop).is_ok();
        assert!(is_up, "{hosts}");
        let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", "");
        broker.publish(message).await.unwrap();
        broker.close(Duration::from_secs(5)).await;
    }
    vhost.delete();
}
