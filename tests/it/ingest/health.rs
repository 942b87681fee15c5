//! The services beside the sources' methods: health and reflection.

use std::time::Duration;

use event_grpc::ingest::Limits;
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
