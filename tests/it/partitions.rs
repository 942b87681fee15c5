//! Partitions of a queue on a real RabbitMQ: where messages go, in which order they come, and what a change of their number
//! does.

mod changes;
mod keys;
mod leave;
mod nodes;
mod order;

use event_grpc::broker::{
    Address, Broker as _, Link, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};
use event_grpc::contract::{Intake, Partition, PartitionBy, Pipeline, Queue, Source, headers};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::envelope::ENVELOPE;
use event_grpc::generated::proto::event::Events;
use prost::Message as _;

use crate::app::{cart, header};
use crate::support::topology::Vhost;

/// The queue that gets partitions.
const QUEUE: &str = "grpc_clickhouse_event_q";

/// The pipeline with so many partitions of a queue, by the user.
fn pipeline(count: u16) -> &'static Pipeline {
    let by = PartitionBy::Header(user_id());
    let mut queues = Vec::new();
    for queue in PIPELINE.queues {
        let partition = |index| Partition {
            of: QUEUE,
            count,
            index,
        };
        let is_one = queue.name == QUEUE && count > 0;
        queues.push(Queue {
            partition: is_one.then(|| partition(None)),
            partition_by: is_one.then_some(by),
            ..*queue
        });
        let indices = (0..count).filter(|_| is_one);
        queues.extend(indices.map(|index| Queue {
            name: format!("{QUEUE}.{index}").leak(),
            partition: Some(partition(Some(index))),
            partition_by: Some(by),
            derived: true,
            ..*queue
        }));
    }
    let sources = PIPELINE.sources.iter().filter_map(|source| {
        let Intake::Grpc {
            service,
            method,
            json_path,
            envelope,
        } = source.intake
        else {
            return None;
        };
        Some(Source {
            intake: Intake::Grpc {
                service,
                method,
                json_path,
                envelope,
            },
            partition_by: (count > 0).then_some(by),
            ..*source
        })
    });
    Box::leak(Box::new(Pipeline {
        queues: Vec::leak(queues),
        sources: Vec::leak(sources.collect()),
        ..PIPELINE
    }))
}

/// The path of the user's id in the header.
fn user_id() -> &'static [u32] {
    let fields = ENVELOPE.header_shape.fields.iter();
    let field = fields.filter(|field| field.name == "userId");
    Vec::leak(field.map(|field| field.number).collect())
}

/// A connection with the topology declared as it is wanted.
async fn connected(vhost: &Vhost, pipeline: &'static Pipeline) -> Rabbit {
    let address = Address::parse(&vhost.url()).unwrap();
    let topology = Topology::of(pipeline, |_| true);
    let broker = Rabbit::connect(address, topology, RabbitOptions::default());
    let mut status = broker.status();
    status.wait_for(|s| s.link == Link::Up).await.unwrap();
    let problems = status.borrow().problems.clone();
    assert!(problems.is_empty(), "{problems:?}");
    broker
}

/// Publishes one event to a partition of eight that isn't one of four; its name.
async fn left_behind(broker: &Rabbit) -> String {
    let request = Events {
        header: header(),
        events: vec![cart("left-behind", "1760000000000")],
    };
    let properties = Properties {
        content_type: Some(headers::PROTOBUF.into()),
        ..Properties::default()
    };
    let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", request.encode_to_vec());
    let message = message.with(properties).in_partition(Some(6));
    broker.publish(message).await.unwrap();
    format!("{QUEUE}.6")
}
