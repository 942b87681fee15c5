//! Sources in generated Rust: what they take, the proof and the id of their requests, and their routing keys.

use serde::Serialize;

use super::function::{KeyFunction, key_function};
use super::names::{Taken, literal, snake};
use super::partitions;
use super::readers::Readers;
use super::refused::Refused;
use super::shapes::Shapes;
use super::values::{Failing, Writer};
use crate::base::names::grouped;
use crate::model::{
    self, Cors, IdFrom, Intake, Model, Route, RoutingKey, Scheme, Signature, Signed, Verify,
};

/// What the template of `topology/sources/mod.rs` sees.
#[derive(Debug, Serialize)]
pub struct SourcesView {
    /// The sources in the order of the model.
    pub sources: Vec<SourceView>,
}

/// A source, which is a file of its own.
#[derive(Debug, Serialize)]
pub struct SourceView {
    /// Its Rust module.
    pub module: String,
    /// Its name.
    pub name: String,
    /// The `Source` as Rust source.
    pub source: String,
    /// What computes its routing key; none if it has always the same.
    pub key: Option<KeyFunction>,
    /// What computes its partition key; none if it is a path, or there is none.
    pub partition_key: Option<KeyFunction>,
}

/// Makes the view of all sources, or says whose routing key can't be written.
pub fn sources(
    model: &Model,
    shapes: &Shapes,
    readers: &Readers,
) -> Result<SourcesView, Vec<Refused>> {
    let writer = Writer {
        shapes,
        readers,
        failing: Failing::Fails,
        by_path: false,
    };
    let mut modules = Taken::with(&["mod"]);
    let mut refused = Vec::new();
    let mut sources = Vec::new();
    for source in &model.sources {
        let key = computed_key(source).map(|value| writer.text("routing_key", value));
        let key = key.transpose().unwrap_or_else(|reason| {
            refused.push(Refused {
                table: format!("source {}", source.name),
                column: "routing_key_from".into(),
                reason,
            });
            None
        });
        let of = format!("source {}", source.name);
        let partition_key = partitions::function(&writer, &of, source.partition_by.as_ref());
        let partition_key = partition_key.unwrap_or_else(|reason| {
            refused.push(reason);
            None
        });
        sources.push(SourceView {
            module: modules.claim(snake(&source.name)),
            name: source.name.clone(),
            source: source_view(source, shapes),
            key: key.map(key_function),
            partition_key,
        });
    }
    match refused.is_empty() {
        true => Ok(SourcesView { sources }),
        false => Err(refused),
    }
}

fn computed_key(source: &model::Source) -> Option<&model::Value> {
    match &source.intake {
        Intake::Post {
            routing_key: RoutingKey::Computed(value),
            ..
        } => Some(value),
        _ => None,
    }
}

fn source_view(source: &model::Source, shapes: &Shapes) -> String {
    let intake = match &source.intake {
        Intake::Grpc {
            service,
            method,
            json_path,
        } => format!(
            "Intake::Grpc {{ service: {}, method: {}, json_path: {}, envelope: &ENVELOPE }}",
            literal(service),
            literal(method),
            literal(json_path)
        ),
        Intake::Post {
            path,
            message,
            routing_key,
            headers,
            verify,
            id,
            on_bad,
        } => {
            let key = match routing_key {
                RoutingKey::Constant(key) => format!("RoutingKey::Constant({})", literal(key)),
                RoutingKey::Computed(_) => "RoutingKey::Computed(routing_key)".to_owned(),
            };
            format!(
                "Intake::Post {{ path: {}, message: &shapes::{}, routing_key: {key}, headers: {headers}, verify: {}, id: {}, on_bad: OnBad::{on_bad:?} }}",
                literal(path),
                shapes.path(message),
                verify
                    .as_ref()
                    .map_or_else(|| "None".into(), |v| format!("Some({})", verify_view(v))),
                id_view(id)
            )
        }
    };
    let pool = &source.pool;
    format!(
        "Source {{ name: {}, auth: Auth::{:?}, intake: {intake}, exchange: {}, rejects: {}, \
         pool: Pool {{ workers: {}, buffer: {}, bytes: {}, timeout_ms: {}, max_request: {} }}, cors: {}, partition_by: {} }}",
        literal(&source.name),
        source.auth,
        literal(&source.exchange),
        maybe(source.rejects.as_ref()),
        pool.workers,
        grouped(u64::from(pool.buffer)),
        grouped(pool.bytes),
        grouped(pool.timeout_ms),
        grouped(u64::from(pool.max_request)),
        cors_view(source.cors.as_ref()),
        partitions::key_view(source.partition_by.as_ref()),
    )
}

/// Pages that may send.
fn cors_view(cors: Option<&Cors>) -> String {
    let Some(cors) = cors else {
        return "None".to_owned();
    };
    let origins: Vec<String> = cors.origins.iter().map(|origin| literal(origin)).collect();
    format!(
        "Some(Cors {{ origins: &[{}], max_age_s: {}, credentials: {} }})",
        origins.join(", "),
        grouped(u64::from(cors.max_age_s)),
        cors.credentials
    )
}

/// Authentication of requests.
pub(super) fn verify_view(verify: &Verify) -> String {
    let scheme = match &verify.scheme {
        Scheme::Bearer => "Scheme::Bearer".to_owned(),
        Scheme::Basic => "Scheme::Basic".to_owned(),
        Scheme::Path => "Scheme::Path".to_owned(),
        Scheme::Hmac(signature) => format!("Scheme::Hmac({})", signature_view(signature)),
    };
    let variable = literal(&verify.variable);
    format!("Verify {{ variable: {variable}, scheme: {scheme} }}")
}

fn signature_view(signature: &Signature) -> String {
    let name = |header: &str| literal(&header.to_ascii_lowercase());
    let pieces = signature.signed.iter().map(|piece| match piece {
        Signed::Text(text) => format!("Signed::Text({})", literal(text)),
        Signed::Time => "Signed::Time".to_owned(),
        Signed::Header(header) => format!("Signed::Header({})", name(header)),
        Signed::Body => "Signed::Body".to_owned(),
    });
    let pieces: Vec<String> = pieces.collect();
    let time = signature.time.as_ref().map_or_else(
        || "None".to_owned(),
        |time| {
            let header = time.header.as_ref();
            let header = header.map_or_else(|| "None".into(), |h| format!("Some({})", name(h)));
            let tolerance = grouped(time.tolerance_ms);
            format!("Some(SignedTime {{ header: {header}, tolerance_ms: {tolerance} }})")
        },
    );
    format!(
        "Signature {{ header: {}, encoding: Encoding::{:?}, prefix: {}, form: SignatureForm::{:?}, \
         secret: SecretForm::{:?}, signed: &[{}], time: {time} }}",
        name(&signature.header),
        signature.encoding,
        literal(&signature.prefix),
        signature.form,
        signature.secret,
        pieces.join(", "),
    )
}

/// Rule for ids.
pub(super) fn id_view(id: &IdFrom) -> String {
    let literals = |names: &[String]| -> String {
        let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
        format!("&[{}]", names.join(", "))
    };
    match id {
        IdFrom::Request => "IdFrom::Request".to_owned(),
        IdFrom::MessageId => "IdFrom::MessageId".to_owned(),
        IdFrom::Header(name) => format!("IdFrom::Header({})", literal(name)),
        IdFrom::Fields(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| literals(path)).collect();
            format!("IdFrom::Fields(&[{}])", paths.join(", "))
        }
    }
}

/// A route that there may be, as Rust source.
pub(super) fn maybe(to: Option<&Route>) -> String {
    to.map_or_else(|| "None".into(), |to| format!("Some({})", route(to)))
}

/// A route as Rust source.
pub(super) fn route(to: &Route) -> String {
    format!(
        "route({}, {})",
        literal(&to.exchange),
        literal(&to.routing_key)
    )
}
