//! Realistic traffic for the demo and the load generator: batches of events with plausible values.

pub mod proof;

use anyhow::Context as _;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::contract::{Envelope, Intake, Pipeline};
use crate::time::now;

/// Number of events in one batch.
const BATCH: usize = 100;

/// Envelope of app events of a pipeline.
pub fn envelope(pipeline: &Pipeline) -> anyhow::Result<&'static Envelope> {
    let found = pipeline.sources.iter().find_map(|s| match s.intake {
        Intake::Grpc { envelope, .. } => Some(envelope),
        Intake::Post { .. } => None,
    });
    found.context("pipeline.yaml declares no gRPC source")
}

/// Generator of batches.
pub struct Traffic {
    request: MessageDescriptor,
    header: FieldDescriptor,
    events: FieldDescriptor,
    envelope: &'static Envelope,
    random: StdRng,
}

impl Traffic {
    /// Traffic for this envelope; the same for the same seed, but for the clock.
    pub fn new(
        pool: &DescriptorPool,
        envelope: &'static Envelope,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let missing = || anyhow::anyhow!("the descriptors hold no {}", envelope.message);
        let request = pool
            .get_message_by_name(envelope.message)
            .ok_or_else(missing)?;
        let header = request.get_field(envelope.header).ok_or_else(missing)?;
        let events = request.get_field(envelope.events).ok_or_else(missing)?;
        Ok(Traffic {
            request,
            header,
            events,
            envelope,
            random: StdRng::seed_from_u64(seed),
        })
    }

    /// Next request and the names of its events' types: each type once, and the common ones more often.
    pub fn batch(&mut self) -> (Vec<u8>, Vec<&'static str>) {
        let types = self.envelope.types;
        let mut chosen: Vec<_> = types.iter().collect();
        while chosen.len() < BATCH {
            // Squaring favours the first types, as real traffic favours a few.
            let at = (self.random.random::<f64>().powi(2) * types.len() as f64) as usize;
            chosen.extend(types.get(at));
        }
        let names = chosen.iter().map(|t| t.name).collect();
        let numbers: Vec<u32> = chosen.iter().map(|t| t.number).collect();
        (self.request(&numbers).encode_to_vec(), names)
    }

    /// Request with one event of each of these types, by the number of their variant.
    pub fn request(&mut self, types: &[u32]) -> DynamicMessage {
        let mut request = DynamicMessage::new(self.request.clone());
        if let Kind::Message(header) = self.header.kind() {
            let header = self.filled(&header, 1);
            request.set_field(&self.header, Value::Message(header));
        }
        let events = types
            .iter()
            .filter_map(|number| self.event(*number))
            .map(Value::Message)
            .collect();
        request.set_field(&self.events, Value::List(events));
        request
    }

    fn event(&mut self, variant: u32) -> Option<DynamicMessage> {
        let Kind::Message(descriptor) = self.events.kind() else {
            return None;
        };
        let mut event = DynamicMessage::new(descriptor.clone());
        // Clients send what happened in the last minute; the clock of one in two hundred is ahead.
        let millis = now().as_millis() as i64 - self.random.random_range(0..60_000);
        let ahead = if self.random.random_ratio(1, 200) {
            3_600_000
        } else {
            0
        };
        let id = uuid::Uuid::from_u128(self.random.random());
        event.set_field(
            &descriptor.get_field(self.envelope.id)?,
            Value::String(id.to_string()),
        );
        let timestamp = Value::String((millis + ahead).to_string());
        event.set_field(&descriptor.get_field(self.envelope.timestamp)?, timestamp);
        let payload = descriptor.get_field(variant)?;
        if let Kind::Message(message) = payload.kind() {
            let message = self.filled(&message, 2);
            event.set_field(&payload, Value::Message(message));
        }
        Some(event)
    }

    /// Message with most of its fields set, nested ones down to `depth`.
    fn filled(&mut self, descriptor: &MessageDescriptor, depth: u32) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            if self.random.random_ratio(1, 8) {
                continue;
            }
            if let Some(value) = self.value(&field, depth) {
                message.set_field(&field, value);
            }
        }
        message
    }

    fn value(&mut self, field: &FieldDescriptor, depth: u32) -> Option<Value> {
        if field.is_map() {
            let entries = [("model", "collaborative"), ("variant", "b")];
            let entries =
                entries.map(|(k, v)| (MapKey::String(k.to_owned()), Value::String(v.to_owned())));
            return Some(Value::Map(entries.into_iter().collect()));
        }
        if field.is_list() {
            let count = self.random.random_range(1..4);
            return (0..count)
                .map(|_| self.single(field, depth))
                .collect::<Option<_>>()
                .map(Value::List);
        }
        self.single(field, depth)
    }

    fn single(&mut self, field: &FieldDescriptor, depth: u32) -> Option<Value> {
        Some(match field.kind() {
            Kind::String => Value::String(self.text(field.name())),
            Kind::Bool => Value::Bool(self.random.random()),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                Value::I32(self.random.random_range(1..50))
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                Value::I64(self.random.random_range(1..1_000_000))
            }
            Kind::Uint32 | Kind::Fixed32 => Value::U32(self.random.random_range(1..50)),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(self.random.random_range(1..1_000_000)),
            Kind::Float => Value::F32(self.random.random_range(100..500_000) as f32 / 100.0),
            Kind::Double => Value::F64(f64::from(self.random.random_range(100..500_000)) / 100.0),
            Kind::Message(inner) if depth > 0 => Value::Message(self.filled(&inner, depth - 1)),
            _ => return None,
        })
    }

    /// Plausible text for a field of this name.
    fn text(&mut self, name: &str) -> String {
        let name = name.to_ascii_lowercase();
        let choices: &[&str] = match name.as_str() {
            "os" => &["android", "ios", "web"],
            "channel" => &["app", "pwa", "web"],
            "applanguage" => &["en", "hi", "ta", "bn"],
            "appversion" => &["4.11.0", "4.12.1", "4.12.2"],
            "paymentmethod" => &["upi", "card", "cod", "wallet"],
            n if n.contains("source") => &["google", "instagram", "home", "search"],
            n if n.contains("medium") => &["cpc", "social", "email"],
            n if n.contains("campaign") => &["diwali_sale", "welcome_back", "new_arrivals"],
            n if n.contains("reason") => &["timeout", "declined", "out of stock"],
            n if n.contains("type") => &["grid", "carousel", "product", "collection"],
            n if n.contains("action") => &["open", "tap", "share", "dismiss"],
            n if n.contains("query") || n.contains("hashtag") => {
                &["red saree", "kurta", "sneakers under 999"]
            }
            n if n.contains("name") || n.contains("title") => {
                &["Summer Edit", "For You", "Bestsellers"]
            }
            _ => &[],
        };
        match choices.choose(&mut self.random) {
            Some(choice) => (*choice).to_owned(),
            None if name.contains("url") || name.contains("link") => {
                format!(
                    "https://shop.example/p/{}",
                    self.random.random_range(1..5000)
                )
            }
            None => format!("{name}-{}", self.random.random_range(1..500)),
        }
    }
}
