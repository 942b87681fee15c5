//! Good messages by the doors that the load doesn't use: what is hostile must not harm them.

use super::super::attack::{Attack, Properties, Publish, Talk};
use super::{Door, End, Kind, One, kind};

pub(super) static KINDS: [Kind; 3] = [
    kind("good app events as JSON", Door::Http, 40, events)
        .named()
        .ends(End::Stored),
    kind("good webhooks", Door::Webhook, 40, webhook)
        .named()
        .ends(End::Stored),
    kind("good messages of other services", Door::Amqp, 40, message)
        .named()
        .ends(End::Stored),
];

fn events(one: &mut One) -> Attack {
    let (name, now) = (&one.name, one.now);
    let body = format!(
        r#"{{"header":{{"userId":"7"}},"events":[{{"id":"{name}","timestamp":"{now}","launchEvent":{{}}}}]}}"#
    );
    Talk::json("/event/dispatch", body).into()
}

fn webhook(one: &mut One) -> Attack {
    let body = format!(r#"{{"siege":"{}","course":{{"id":42}}}}"#, one.name);
    let headers = [
        ("Content-Type", "application/json"),
        ("Spayee-Event", "siege"),
    ];
    Talk::post("/graphy/event/", &headers, body.as_bytes()).into()
}

fn message(one: &mut One) -> Attack {
    let body = trace(&one.name, "");
    Publish {
        exchange: "identity.dx",
        key: b"trace".to_vec(),
        properties: Properties::json(&one.name),
        body: body.into(),
    }
    .into()
}

/// Message of the account service about a request to this address.
pub(super) fn trace(uri: &str, body: &str) -> String {
    format!(
        r#"{{"uri":"{uri}","hostName":"h","serviceName":"s","timeTaken":1,"method":"GET","headers":{{}},"responseStatus":200,"remoteAddress":"r","onlyRequest":false,"requestBody":"{body}","responseBody":""}}"#
    )
}
