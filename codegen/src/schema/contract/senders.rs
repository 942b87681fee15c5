//! What senders rely on: methods, paths, ways of proof, limits.

use super::expression::text;
use super::facts::Facts;
use super::kind::{Harm, Kind, NONE, OF_SOURCE, PLAIN, at, lowered, yaml};
use crate::model::{
    Auth, Encoding, Intake, Model, OnBad, RoutingKey, Scheme, SecretForm, Signature, SignatureForm,
    Signed, Source, Verify,
};
use crate::rules::contracts::{MEANING, PROOF, SENDERS, TOPOLOGY};

/// A method of gRPC: its request and its answer.
pub(super) const METHOD: Kind = Kind {
    word: "method",
    names: 2,
    rule: &SENDERS,
    title: |s| format!("gRPC method `{}` of source `{}`", at(s, 1), at(s, 0)),
    changed: Some(Harm {
        senders: "apps that are installed read and write the former messages",
        instead: "add a method with the new messages and keep this one",
        ..NONE
    }),
    gone: Some(Harm {
        senders: "apps that are installed get UNIMPLEMENTED and keep their events",
        instead: "keep the method",
        ..NONE
    }),
    ..OF_SOURCE
};

/// A path of HTTP, and what is sent there.
pub(super) const PATH: Kind = Kind {
    word: "path",
    names: 2,
    rule: &SENDERS,
    title: |s| format!("HTTP path `{}` of source `{}`", at(s, 1), at(s, 0)),
    changed: Some(Harm {
        senders: "what is sent as before is read as another message",
        messages: "what waits was made for the former message",
        instead: "add a source with a path of its own",
        ..NONE
    }),
    gone: Some(Harm {
        senders: "whoever posts there gets 404, and partners give up after some attempts",
        instead: "keep the path until nobody posts there",
        ..NONE
    }),
    ..OF_SOURCE
};

/// A source, by its name.
pub(super) const SOURCE: Kind = Kind {
    word: "source",
    names: 1,
    rule: &SENDERS,
    title: |s| format!("source `{}`", at(s, 0)),
    place: |s| yaml(&["sources", at(s, 0)]),
    changed: Some(Harm {
        senders: "its senders would have to send otherwise",
        instead: "add another source",
        ..NONE
    }),
    gone: Some(Harm {
        senders: "keys that may send to it by its name may send nothing, and its metrics get another label",
        instead: "keep its name",
        ..NONE
    }),
    retired_as: "source",
    ..PLAIN
};

/// The exchange and the routing key of a source.
pub(super) const PUBLISH: Kind = Kind {
    word: "publish",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("the route of source `{}`", at(s, 0)),
    changed: Some(Harm {
        instances: "instances of both builds publish to different places",
        messages: "queues of others that are bound to the former route get nothing any more",
        instead: "keep the route, or bind every queue to both first",
        ..NONE
    }),
    ..OF_SOURCE
};

/// Who may send to a source.
pub(super) const AUTH: Kind = Kind {
    word: "auth",
    names: 1,
    rule: &PROOF,
    title: |s| format!("`auth` of source `{}`", at(s, 0)),
    changed: Some(Harm {
        senders: "with `keys`, senders without one are refused; with `none`, anybody may send",
        instead: "give all senders keys first",
        ..NONE
    }),
    ..OF_SOURCE
};

/// The largest request of a source, in bytes.
pub(super) const LIMIT: Kind = Kind {
    word: "limit",
    names: 1,
    rule: &SENDERS,
    title: |s| format!("`max_request` of source `{}`", at(s, 0)),
    changed: Some(Harm {
        senders: "requests that were taken are refused as too large",
        instead: "leave it",
        ..NONE
    }),
    hurts: lowered,
    ..OF_SOURCE
};

/// An origin whose pages may send.
pub(super) const ORIGIN: Kind = Kind {
    word: "origin",
    names: 2,
    rule: &SENDERS,
    title: |s| format!("origin `{}` of source `{}`", at(s, 1), at(s, 0)),
    gone: Some(Harm {
        senders: "pages of that origin lose their events",
        instead: "keep it as long as there are such pages",
        ..NONE
    }),
    ..OF_SOURCE
};

/// Pages may send with credentials.
pub(super) const CREDENTIALS: Kind = Kind {
    word: "credentials",
    names: 1,
    rule: &SENDERS,
    title: |s| format!("`credentials` of source `{}`", at(s, 0)),
    gone: Some(Harm {
        senders: "pages that send with credentials lose their events",
        instead: "keep it",
        ..NONE
    }),
    ..OF_SOURCE
};

/// The headers of requests are kept.
pub(super) const HEADERS: Kind = Kind {
    word: "headers",
    names: 1,
    rule: &MEANING,
    title: |s| format!("`headers` of source `{}`", at(s, 0)),
    gone: Some(Harm {
        rows: "columns that are made of them get nothing, and what waits in queues is stored otherwise than what comes",
        instead: "keep `headers: true`",
        ..NONE
    }),
    ..OF_SOURCE
};

/// The policy for messages that can't be stored.
pub(super) const BAD: Kind = Kind {
    word: "on_bad",
    names: 1,
    rule: &SENDERS,
    title: |s| format!("`on_bad` of source `{}`", at(s, 0)),
    changed: Some(Harm {
        senders: "messages that were kept are refused, and are lost if their sender does not repeat them",
        instead: "leave it",
        ..NONE
    }),
    hurts: |_, after| after == "refuse",
    ..OF_SOURCE
};

/// How requests prove where they come from.
pub(super) const VERIFY: Kind = Kind {
    word: "verify",
    names: 1,
    rule: &PROOF,
    title: |s| format!("`verify` of source `{}`", at(s, 0)),
    changed: Some(Harm {
        senders: "those that prove themselves as before are refused, or anybody may send",
        instances: "an instance without the secret takes nothing",
        instead: "add a source with the new proof and a path of its own, and move the senders",
        ..NONE
    }),
    ..OF_SOURCE
};

pub(super) fn add(model: &Model, facts: &mut Facts) {
    for source in &model.sources {
        let name = source.name.as_str();
        let auth = match source.auth {
            Auth::Keys => "keys",
            Auth::None => "none",
        };
        facts.add(&AUTH, &[name], auth);
        facts.add(&LIMIT, &[name], source.pool.max_request.to_string());
        for origin in source.cors.iter().flat_map(|cors| &cors.origins) {
            facts.add(&ORIGIN, &[name, origin], "");
        }
        if source.cors.as_ref().is_some_and(|cors| cors.credentials) {
            facts.add(&CREDENTIALS, &[name], "");
        }
        intake(model, source, facts);
    }
}

fn intake(model: &Model, source: &Source, facts: &mut Facts) {
    let name = source.name.as_str();
    match &source.intake {
        Intake::Grpc {
            service,
            method,
            json_path,
        } => {
            let of_method = model
                .pool
                .get_service_by_name(service)
                .and_then(|service| service.methods().find(|m| m.name() == method));
            if let Some(found) = of_method {
                let types = format!(
                    "{} {}",
                    found.input().full_name(),
                    found.output().full_name()
                );
                facts.add(&METHOD, &[name, &format!("{service}/{method}")], types);
            }
            facts.add(&SOURCE, &[name], "events");
            facts.add(&PATH, &[name, json_path], "events");
            facts.add(&PUBLISH, &[name], format!("{} by type", source.exchange));
        }
        Intake::Post {
            path,
            message,
            routing_key,
            headers,
            verify,
            on_bad,
            ..
        } => {
            facts.add(&SOURCE, &[name], "json");
            facts.add(
                &PATH,
                &[name, path],
                format!("json {}", message.full_name()),
            );
            let key = match routing_key {
                RoutingKey::Constant(key) => key.clone(),
                RoutingKey::Computed(value) => format!("from {}", text(value)),
            };
            facts.add(&PUBLISH, &[name], format!("{} {key}", source.exchange));
            if *headers {
                facts.add(&HEADERS, &[name], "");
            }
            let bad = match on_bad {
                OnBad::Keep => "keep",
                OnBad::Refuse => "refuse",
            };
            facts.add(&BAD, &[name], bad);
            let verify = verify.as_ref().map_or("none".to_owned(), proof);
            facts.add(&VERIFY, &[name], verify);
        }
    }
}

/// A way of proof, with all that a sender has to know of it.
fn proof(verify: &Verify) -> String {
    let scheme = match &verify.scheme {
        Scheme::Hmac(signature) => hmac(signature),
        Scheme::Bearer => "bearer".to_owned(),
        Scheme::Basic => "basic".to_owned(),
        Scheme::Path => "path".to_owned(),
    };
    format!("{scheme} {}", verify.variable)
}

fn hmac(signature: &Signature) -> String {
    let encoding = match signature.encoding {
        Encoding::Hex => "hex",
        Encoding::Base64 => "base64",
    };
    let form = match signature.form {
        SignatureForm::One => "one",
        SignatureForm::Spaced => "spaced",
        SignatureForm::Pairs => "pairs",
    };
    let secret = match signature.secret {
        SecretForm::Text => "text",
        SecretForm::Base64 => "whsec",
    };
    let signed: Vec<String> = signature.signed.iter().map(piece).collect();
    let mut said = format!(
        "hmac {} {encoding} {form} {secret} {:?} of {}",
        signature.header.to_ascii_lowercase(),
        signature.prefix,
        signed.join("+"),
    );
    if let Some(time) = &signature.time {
        let header = time.header.as_deref().unwrap_or("signature");
        said.push_str(&format!(" within {} by {header}", time.tolerance_ms));
    }
    said
}

fn piece(signed: &Signed) -> String {
    match signed {
        Signed::Text(text) => format!("{text:?}"),
        Signed::Time => "time".to_owned(),
        Signed::Header(name) => name.to_ascii_lowercase(),
        Signed::Body => "body".to_owned(),
    }
}
