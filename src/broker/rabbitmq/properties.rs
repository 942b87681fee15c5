//! Our properties in AMQP's form, and back.

use std::borrow::Cow;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString, ShortStringError};

use crate::broker::api::message::{HeaderValue, Properties};
use crate::contract::Schema;
use crate::contract::headers::{PARTITION, SCHEMA, TRACE};
use crate::trace::TraceContext;

/// AMQP's number for "persistent".
const PERSISTENT: u8 = 2;

/// Converts properties to the client library's; `slot` names the partition of the message.
pub(super) fn to_amqp(
    properties: &Properties,
    slot: Option<String>,
) -> Result<BasicProperties, ShortStringError> {
    let mut amqp = BasicProperties::default().with_delivery_mode(PERSISTENT);
    if let Some(text) = &properties.content_type {
        amqp = amqp.with_content_type(ShortString::try_new(&**text)?);
    }
    if let Some(text) = &properties.message_id {
        amqp = amqp.with_message_id(ShortString::try_new(&**text)?);
    }
    if let Some(text) = &properties.kind {
        amqp = amqp.with_type(ShortString::try_new(&**text)?);
    }
    if let Some(seconds) = properties.timestamp {
        amqp = amqp.with_timestamp(seconds);
    }
    let Properties { schema, trace, .. } = properties;
    if !properties.headers.is_empty() || schema.is_some() || trace.is_some() || slot.is_some() {
        let mut table = FieldTable::default();
        for (name, value) in &properties.headers {
            let value = match value {
                HeaderValue::Text(text) => AMQPValue::LongString(text.as_str().into()),
                HeaderValue::Integer(number) => AMQPValue::LongLongInt(*number),
                HeaderValue::Boolean(flag) => AMQPValue::Boolean(*flag),
            };
            table.insert(ShortString::try_new(&**name)?, value);
        }
        if let Some(schema) = schema {
            let text = AMQPValue::LongString(schema.to_string().into());
            table.insert(ShortString::try_new(SCHEMA)?, text);
        }
        if let Some(trace) = trace {
            let text = AMQPValue::LongString(trace.to_string().into());
            table.insert(ShortString::try_new(TRACE)?, text);
        }
        if let Some(slot) = slot {
            let text = AMQPValue::LongString(slot.into());
            table.insert(ShortString::try_new(PARTITION)?, text);
        }
        amqp = amqp.with_headers(table);
    }
    Ok(amqp)
}

/// Converts properties from the client library's.
pub(super) fn from_amqp(amqp: &BasicProperties) -> Properties {
    let text = |text: &Option<ShortString>| text.as_ref().map(ToString::to_string);
    let headers = amqp.headers().iter().flatten();
    let own = |name: &str| {
        let value = amqp.headers().as_ref()?.inner().get(name)?;
        match header(value) {
            Some(HeaderValue::Text(text)) => Some(text),
            _ => None,
        }
    };
    Properties {
        content_type: text(amqp.content_type()).map(Cow::Owned),
        message_id: text(amqp.message_id()),
        kind: text(amqp.kind()).map(Cow::Owned),
        timestamp: *amqp.timestamp(),
        schema: own(SCHEMA).and_then(|text| Schema::parse(&text)),
        trace: own(TRACE).and_then(|text| TraceContext::parse(&text)),
        headers: headers
            .filter(|(name, _)| !matches!(name.as_str(), SCHEMA | PARTITION | TRACE))
            .filter_map(|(name, value)| Some((Cow::Owned(name.to_string()), header(value)?)))
            .collect(),
    }
}

/// A header that we can hold.
pub(super) fn header(value: &AMQPValue) -> Option<HeaderValue> {
    Some(match value {
        AMQPValue::ShortString(text) => HeaderValue::Text(text.to_string()),
        AMQPValue::LongString(text) => HeaderValue::Text(text.to_string()),
        AMQPValue::Boolean(flag) => HeaderValue::Boolean(*flag),
        AMQPValue::ShortShortInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::ShortShortUInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::ShortInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::ShortUInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::LongInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::LongUInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::LongLongInt(number) => HeaderValue::Integer(*number),
        AMQPValue::Timestamp(seconds) => HeaderValue::Integer(i64::try_from(*seconds).ok()?),
        AMQPValue::Float(number) => HeaderValue::Text(number.to_string()),
        AMQPValue::Double(number) => HeaderValue::Text(number.to_string()),
        _ => return None,
    })
}
