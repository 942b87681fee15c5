//! The services beside the sources' methods: health and reflection.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::access::Access;
use event_grpc::broker::{Embedded, Topology};
use event_grpc::generated::PIPELINE;
use event_grpc::health::Health;
use event_grpc::ingest::{Limits, Publisher, Sources};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::server::{POOL, Server};

#[tokio::test(flavor = "multi_thread")]
async fn health_follows_the_heartbeat_and_reflection_knows_the_service() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let mut client = HealthClient::new(server.channel.clone());
    for beating in [true, false, true] {
        server.health.beat(beating);
        let expected = if beating {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for service in ["", "test.Service"] {
            let mut left = 100;
            loop {
                let request = tonic_health::pb::HealthCheckRequest {
                    service: service.to_owned(),
                };
                let status = client.check(request).await.unwrap().into_inner().status();
                if status == expected {
                    break;
                }
                left -= 1;
                assert!(left > 0, "{service} is {status:?}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = ServerReflectionClient::new(server.channel.clone())
        .server_reflection_info(futures_util::stream::iter([request]))
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(services)) = answer else {
        panic!("{answer:?}");
    };
    assert!(
        services
            .service
            .iter()
            .any(|service| service.name == "test.Service")
    );
}

#[tokio::test]
async fn the_generated_pipeline_can_be_served() {
    let topology = Topology::of(&PIPELINE, |_| true);
    let publisher = Publisher::new(
        Arc::new(Embedded::new(&topology, 1 << 20)),
        Limits::embedded(),
        PIPELINE.schema(),
    );
    let access = Access::local(&PIPELINE);
    let sources = Sources::new(
        &PIPELINE,
        &topology,
        &publisher,
        &access,
        &Arc::default(),
        |_| None,
        |_| false,
    );
    let sources = sources.unwrap();
    let reflection = event_grpc::grpc::reflection(PIPELINE.descriptors).unwrap();
    drop(sources.grpc(&Health::beating(), reflection));
    // A path that axum can't route would panic here.
    drop(sources.http(Health::beating()));
    for source in PIPELINE.sources {
        let Some(rejects) = source.rejects else {
            continue;
        };
        let kept = PIPELINE
            .queues
            .iter()
            .any(|q| q.bindings.contains(&rejects));
        assert!(kept, "nothing keeps what {} rejects", source.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_peer_has_its_part_of_the_calls_that_never_end() {
    let server = Server::start(Limits::embedded(), POOL).await;
    // From an address that no other test has.
    let address: std::net::IpAddr = [127, 0, 0, 77].into();
    let endpoint =
        tonic::transport::Endpoint::from_shared(format!("http://127.0.0.1:{}", server.grpc));
    let endpoint = endpoint.unwrap().local_address(Some(address));
    let channel = endpoint.connect().await.unwrap();
    // A call that asks nothing goes on as long as it is kept.
    let reflect = async || {
        let asked = futures_util::stream::pending::<ServerReflectionRequest>();
        ServerReflectionClient::new(channel.clone())
            .server_reflection_info(asked)
            .await
    };
    let mut kept = Vec::new();
    let refused = loop {
        match reflect().await {
            Ok(call) => kept.push(call),
            Err(refused) => break refused,
        }
    };
    assert_eq!(kept.len(), 4);
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused}");
    assert!(refused.message().contains("of one address"), "{refused}");
    drop(kept);

    let watch = async || {
        let request = tonic_health::pb::HealthCheckRequest {
            service: String::new(),
        };
        HealthClient::new(channel.clone()).watch(request).await
    };
    let mut kept = Vec::new();
    let refused = loop {
        match watch().await {
            Ok(call) => kept.push(call),
            Err(refused) => break refused,
        }
    };
    // Those that reflected count too, until it is known that they ended.
    assert!((12..=16).contains(&kept.len()), "{}", kept.len());
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused}");
    // And the connection is as good as before.
    let request = tonic_health::pb::HealthCheckRequest::default();
    HealthClient::new(channel.clone())
        .check(request)
        .await
        .unwrap();
}
