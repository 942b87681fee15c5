//! Sends the messages, each until somebody has taken it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tokio::time::{sleep, sleep_until, timeout};

use super::{Beside, Sent, UNDER_WAY};
use crate::broker::publish;
use crate::door::{ANSWER, PAUSE};
use event_grpc::broker::{HeaderValue, Outgoing, Properties};
use event_grpc::contract::headers;
use event_grpc::generated::PIPELINE;
use event_grpc::traffic::proof::prove;

/// The source of webhooks that the API gets.
const WEBHOOK: &str = "/webengage/event/";

impl Beside {
    /// Sends all of them, each when it is due.
    pub(crate) async fn run(&self) -> Sent {
        let began = Instant::now();
        let senders = (0..UNDER_WAY).map(|first| self.send_every(first, began));
        let wrong = join_all(senders).await.into_iter().flatten().collect();
        Sent {
            ended: Instant::now(),
            wrong,
        }
    }

    /// One of the senders: takes every so-manieth. Says what went wrong.
    async fn send_every(&self, first: u64, began: Instant) -> Vec<String> {
        let mut wrong = Vec::new();
        for number in (first..self.pace.count).step_by(UNDER_WAY as usize) {
            sleep_until(self.pace.due(number, began).into()).await;
            let name = self.name(number);
            let (account, launch) = (account(&name, number), launch(&name));
            // An account and a launch complete each other in either order.
            let messages = match number % 2 {
                0 => [account, launch],
                _ => [launch, account],
            };
            for message in &messages {
                if let Err(reason) = publish(self.broker.as_ref(), message, self.patience).await {
                    wrong.push(format!("{name}, to {}: {reason}", message.exchange));
                }
            }
            if let Err(reason) = self.post(&name, number).await {
                wrong.push(format!("{name}, as a webhook: {reason}"));
            }
        }
        wrong
    }

    /// Posts a webhook until a server has taken it.
    async fn post(&self, name: &str, number: u64) -> Result<(), String> {
        // Made once: whoever gets it twice gets the same.
        let body = Bytes::from(webhook(name).to_string());
        let proved = prove(&PIPELINE, WEBHOOK, &body, |name| std::env::var(name).ok());
        let began = Instant::now();
        let servers = self.webhooks_to.iter().cycle().skip(number as usize);
        let mut last = "there is no server".to_owned();
        for server in servers {
            if began.elapsed() > self.patience {
                break;
            }
            let mut request = Request::builder()
                .method(Method::POST)
                .uri(format!("{server}{}", proved.path))
                .header(header::CONTENT_TYPE, headers::JSON);
            for (name, value) in &proved.headers {
                request = request.header(*name, value.as_str());
            }
            let request = request.body(Full::new(body.clone()));
            let request = request.map_err(|error| error.to_string())?;
            match timeout(ANSWER, self.client.request(request)).await {
                Ok(Ok(answer)) => {
                    let status = answer.status();
                    let text = answer.into_body().collect().await;
                    let text = text.map(http_body_util::Collected::to_bytes);
                    let text = text.unwrap_or_default();
                    let told = format!("{status} {}", String::from_utf8_lossy(&text));
                    let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                    match status {
                        StatusCode::OK => return Ok(()),
                        _ if later => last = told,
                        _ => return Err(told),
                    }
                }
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => last = "no answer in time".to_owned(),
            }
            sleep(PAUSE).await;
        }
        Err(format!("given up: {last}"))
    }
}

/// An account that was made on the device of this name.
fn account(name: &str, number: u64) -> Outgoing {
    let body = json!({"newEntry": {
        "id": number + 1, "createdOn": 1_760_000_000_500_i64, "clientId": "app", "userId": number + 1, "socialAccounts": [],
    }});
    message("identity.dx", "user.client.account.create", name, &body)
}

/// A start of the app on that device through somebody's link.
fn launch(name: &str) -> Outgoing {
    let body = json!({
        "eventId": name, "headers": {}, "clientIp": "", "userAgent": "", "timestamp": 1_760_000_000, "deviceId": name,
        "bbDeviceId": "", "clientId": "app", "referralIdentifier": "r", "dynamicLink": "https://example.com/link",
    });
    message("event.dx", "LAUNCH_REFER_EVENT", name, &body)
}

/// What somebody did, for the partner. Its id is made of the event's name and time.
fn webhook(name: &str) -> Value {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.unwrap_or_default().as_millis().to_string();
    json!({"appType": "USER", "userId": name, "eventName": name, "eventTime": now, "eventData": {"sku": "LIP-7"}})
}

fn message(exchange: &'static str, key: &'static str, name: &str, body: &Value) -> Outgoing {
    let device = HeaderValue::Text(name.to_owned());
    let properties = Properties {
        content_type: Some(headers::JSON.into()),
        message_id: Some(name.to_owned()),
        headers: vec![("x-bb-deviceid".into(), device)],
        ..Properties::default()
    };
    Outgoing::new(exchange, key, body.to_string()).with(properties)
}
