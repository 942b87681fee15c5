//! The envelope of app events: what the request of the gRPC method must look like.

use std::collections::BTreeSet;

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::model::{Envelope, Ids};
use crate::rules::names::{ENVELOPE, UNKNOWN_METHOD};
use crate::syntax::proto::Proto;
use crate::syntax::spec::Spec;
use crate::syntax::yaml::Text;

/// The envelope that the gRPC sources share.
pub(super) fn find(spec: &Spec, proto: &Proto, out: &mut Diagnostics) -> Option<Envelope> {
    let mut found: Option<(Envelope, &Text)> = None;
    for name in spec.sources.iter().filter_map(|s| s.grpc.as_ref()) {
        let Some(method) = method(name, proto, out) else {
            continue;
        };
        let request = method.input();
        match &found {
            Some((envelope, first)) if envelope.request != request => out.push(
                Diagnostic::new(&ENVELOPE, "all gRPC sources take the same request")
                    .at(name.span, format!("takes `{}`", request.full_name()))
                    .and(
                        Some(first.span),
                        format!("takes `{}`", envelope.request.full_name()),
                    ),
            ),
            Some(_) => {}
            None => match read(&request, &proto.pool) {
                Ok(envelope) => found = Some((envelope, name)),
                Err(why) => out.push(
                    Diagnostic::new(
                        &ENVELOPE,
                        format!(
                            "`{}` is not an envelope of events: {why}",
                            request.full_name()
                        ),
                    )
                    .at(name.span, "taken by this method")
                    .and(proto.message_span(&request), "declared here")
                    .help("see `cargo xtask explain EG017` for what an envelope looks like"),
                ),
            },
        }
    }
    let ids = spec.ids.as_ref().map(|ids| ids.value).unwrap_or_default();
    found.map(|(envelope, _)| Envelope { ids, ..envelope })
}

/// The method that `package.Service/method` names.
pub(super) fn method(
    name: &Text,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Option<MethodDescriptor> {
    let methods: Vec<(String, MethodDescriptor)> = proto
        .pool
        .services()
        .flat_map(|s| {
            s.methods()
                .map(|m| (format!("{}/{}", s.full_name(), m.name()), m))
                .collect::<Vec<_>>()
        })
        .collect();
    let Some((_, method)) = methods.iter().find(|(full, _)| *full == name.value) else {
        out.push(
            Diagnostic::new(
                &UNKNOWN_METHOD,
                format!("there is no gRPC method `{}`", name.value),
            )
            .at(name.span, "no such method")
            .help(suggest(
                &name.value,
                methods.iter().map(|(n, _)| n.as_str()),
                "methods",
            )),
        );
        return None;
    };
    if method.is_client_streaming() || method.is_server_streaming() {
        out.push(
            Diagnostic::new(
                &ENVELOPE,
                format!("`{}` streams; a source answers one request", name.value),
            )
            .at(name.span, "streams"),
        );
        return None;
    }
    Some(method.clone())
}

/// Reads the layout of a request, or says what is missing.
fn read(request: &MessageDescriptor, pool: &DescriptorPool) -> Result<Envelope, String> {
    let message = |field: &FieldDescriptor| match field.kind() {
        Kind::Message(m) if !field.is_map() => Some(m),
        _ => None,
    };
    let fields: Vec<(FieldDescriptor, MessageDescriptor)> = request
        .fields()
        .filter_map(|f| message(&f).map(|m| (f, m)))
        .collect();
    let one = |list: bool, what: &str| {
        let mut fitting = fields.iter().filter(|(f, _)| f.is_list() == list);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only.clone()),
            _ => Err(format!("it has not exactly one {what}")),
        }
    };
    let (header, header_message) = one(false, "single message, the header")?;
    let (events, event_message) = one(true, "list of messages, the events")?;
    let text = |name: &str| {
        event_message
            .get_field_by_name(name)
            .filter(|f| matches!(f.kind(), Kind::String) && !f.is_list())
            .map(|f| f.number())
            .ok_or_else(|| {
                format!(
                    "`{}` has no field `string {name}`",
                    event_message.full_name()
                )
            })
    };
    let (id, timestamp) = (text("id")?, text("timestamp")?);
    let batch = pool
        .all_messages()
        .filter(|m| m.package_name() == request.package_name())
        .find_map(|m| {
            let mut fields = m.fields();
            let (only, None) = (fields.next()?, fields.next()) else {
                return None;
            };
            let holds = only.is_list() && message(&only).as_ref() == Some(request);
            holds.then(|| (only.number(), m.clone()))
        })
        .ok_or_else(|| format!("no message holds just `repeated {}`", request.name()))?;
    Ok(Envelope {
        request: request.clone(),
        batch: batch.1,
        header: header.number(),
        events: events.number(),
        batches: batch.0,
        id,
        timestamp,
        header_message,
        ids: Ids::default(),
        types: types(&event_message)?,
        fields: own(&event_message),
        event_message,
    })
}

/// The variants of an event's oneof.
fn types(event: &MessageDescriptor) -> Result<Vec<(u32, MessageDescriptor)>, String> {
    let mut oneofs = event.oneofs().filter(|o| !o.is_synthetic());
    let (Some(oneof), None) = (oneofs.next(), oneofs.next()) else {
        return Err(format!("`{}` has not exactly one oneof", event.full_name()));
    };
    let mut types: Vec<(u32, MessageDescriptor)> = Vec::new();
    let mut names = BTreeSet::new();
    for field in oneof.fields() {
        let Kind::Message(message) = field.kind() else {
            return Err(format!(
                "the variant `{}` is not a message",
                field.full_name()
            ));
        };
        // A message's name is its routing key, so that two variants of one name could not be told apart.
        if !names.insert(message.name().to_owned()) {
            return Err(format!("two variants are called `{}`", message.name()));
        }
        types.push((field.number(), message));
    }
    types.sort_by_key(|(number, _)| *number);
    Ok(types)
}

/// The fields of an event that aren't variants of its oneof.
fn own(event: &MessageDescriptor) -> Vec<FieldDescriptor> {
    let is_variant = |field: &FieldDescriptor| {
        let oneof = field.containing_oneof();
        oneof.is_some_and(|oneof| !oneof.is_synthetic())
    };
    let mut fields: Vec<_> = event.fields().filter(|f| !is_variant(f)).collect();
    fields.sort_by_key(FieldDescriptor::number);
    fields
}
