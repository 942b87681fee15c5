//! Messages as proto3 JSON in any spelling that it allows, and on demand in those that clients use beside it.

use base64::Engine as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::random::{free, pick};

/// Spells messages.
pub(super) struct Spelling<'r> {
    pub(super) random: &'r mut StdRng,
    /// True if to spell as nobody should, too, where it is plain what is meant.
    pub(super) lenient: bool,
    /// True if to put members between the others that nobody knows.
    pub(super) strange: bool,
    /// Those that were put there: their pointers and values.
    pub(super) unknown: Vec<(String, serde_json::Value)>,
}

impl Spelling<'_> {
    /// An object of a message. `path` is its JSON pointer.
    pub(super) fn message(&mut self, message: &DynamicMessage, path: &str) -> String {
        match message.descriptor().full_name() {
            "google.protobuf.Timestamp" => {
                let text: serde_json::Value = serde_json::to_value(message).unwrap();
                return self.value(&text);
            }
            "google.protobuf.Struct" => {
                return self.value(&serde_json::to_value(message).unwrap());
            }
            _ => {}
        }
        let mut members = Vec::new();
        for field in message.descriptor().fields() {
            let (name, json) = (field.name().to_owned(), field.json_name().to_owned());
            let written = pick(&[&name, &json], self.random).clone();
            if !message.has_field(&field) {
                let plain = !field.supports_presence() && !field.is_list() && !field.is_map();
                let absent = match self.random.random_range(0..6) {
                    0 => "null".to_owned(),
                    1 if plain => self.single(&field.default_value(), &field.kind(), path),
                    2 if field.is_list() => "[ ]".to_owned(),
                    2 if field.is_map() => "{ }".to_owned(),
                    _ => continue,
                };
                members.push((written, absent));
                continue;
            }
            let inner = format!("{path}/{json}");
            let text = self.field(&field, &message.get_field(&field), &inner);
            members.push((written, text));
        }
        if self.strange && self.random.random_ratio(1, 3) {
            let name = pick(&["colour", "a/b", "x~y", "news \"1\"", "ü"], self.random);
            let value = free(2, self.random);
            let escaped = name.replace('~', "~0").replace('/', "~1");
            // An object right in an event might be its type.
            if path != "/event" || !value.is_object() {
                members.push((name.to_owned(), self.value(&value)));
                self.unknown.push((format!("{path}/{escaped}"), value));
            }
        }
        members.shuffle(self.random);
        self.object(&members)
    }

    fn field(&mut self, field: &FieldDescriptor, value: &Value, path: &str) -> String {
        match value {
            Value::List(items) => {
                let items: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.single(item, &field.kind(), &format!("{path}/{at}")))
                    .collect();
                self.list(&items)
            }
            Value::Map(entries) => {
                let Kind::Message(entry) = field.kind() else {
                    panic!("a map has entries")
                };
                let kind = entry.map_entry_value_field().kind();
                let mut members = Vec::new();
                for (key, value) in entries {
                    let key = match key {
                        MapKey::String(key) => key.clone(),
                        MapKey::I32(key) => key.to_string(),
                        other => panic!("teach this test about keys like {other:?}"),
                    };
                    let escaped = key.replace('~', "~0").replace('/', "~1");
                    let value = self.single(value, &kind, &format!("{path}/{escaped}"));
                    members.push((key, value));
                }
                self.object(&members)
            }
            value => self.single(value, &field.kind(), path),
        }
    }

    fn single(&mut self, value: &Value, kind: &Kind, path: &str) -> String {
        match value {
            Value::Bool(value) => value.to_string(),
            Value::I32(value) => self.whole(value.to_string()),
            Value::I64(value) => self.whole(value.to_string()),
            Value::U32(value) => self.whole(value.to_string()),
            Value::U64(value) => self.whole(value.to_string()),
            Value::F32(value) => self.float(
                f64::from(*value),
                [format!("{value:?}"), format!("{value:e}")],
            ),
            Value::F64(value) => self.float(*value, [format!("{value:?}"), format!("{value:e}")]),
            Value::String(text) => {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                if self.lenient && digits && !text.starts_with('0') {
                    return text.clone();
                }
                self.text(text)
            }
            Value::Bytes(bytes) => {
                use base64::engine::general_purpose as known;
                let text = match self.random.random_range(0..4) {
                    0 => known::STANDARD.encode(bytes),
                    1 => known::URL_SAFE.encode(bytes),
                    2 => known::STANDARD_NO_PAD.encode(bytes),
                    _ => known::URL_SAFE_NO_PAD.encode(bytes),
                };
                self.text(&text)
            }
            Value::EnumNumber(number) => {
                let Kind::Enum(values) = kind else {
                    panic!("{kind:?} is no enum")
                };
                // By each of its names, where it has several.
                let of_it = values.values().filter(|value| value.number() == *number);
                let names: Vec<String> = of_it.map(|value| value.name().to_owned()).collect();
                match !names.is_empty() && self.random.random() {
                    true => {
                        let at = self.random.random_range(0..names.len());
                        self.text(&names[at])
                    }
                    false => number.to_string(),
                }
            }
            Value::Message(message) => self.message(message, path),
            Value::List(_) | Value::Map(_) => panic!("it holds several"),
        }
    }

    fn whole(&mut self, digits: String) -> String {
        match self
            .random
            .random_range(0..if self.lenient { 6 } else { 2 })
        {
            0 => digits,
            1 => format!("\"{digits}\""),
            2 => format!("{digits}.0"),
            3 if digits != "0" => format!("{digits}00e-2"),
            4 => format!("\" {digits}.00\""),
            _ => match digits.strip_suffix('0') {
                Some(short) if !matches!(short, "" | "-") => format!("{short}e1"),
                _ => format!("{digits}E+0"),
            },
        }
    }

    fn float(&mut self, value: f64, [plain, exponent]: [String; 2]) -> String {
        let digits = match self.random.random_range(0..4) {
            0 => exponent,
            1 => exponent.replace('e', "E"),
            2 if !exponent.contains("e-") => exponent.replace('e', "e+0"),
            _ => plain,
        };
        match value.is_finite() {
            false => {
                let name = if value > 0.0 { "Infinity" } else { "-Infinity" };
                match self.lenient && self.random.random() {
                    true => name.to_owned(),
                    false => format!("\"{name}\""),
                }
            }
            true if self.random.random_ratio(1, 4) => format!("\"{digits}\""),
            true => digits,
        }
    }

    /// Any value as it is, but for white space and what is escaped.
    fn value(&mut self, value: &serde_json::Value) -> String {
        use serde_json::Value;
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.value(item)).collect();
                self.list(&items)
            }
            Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| (name.clone(), self.value(value)));
                let members: Vec<_> = members.collect();
                self.object(&members)
            }
            other => other.to_string(),
        }
    }

    fn list(&mut self, items: &[String]) -> String {
        let items: Vec<String> = items
            .iter()
            .map(|item| format!("{}{item}{}", self.space(), self.space()))
            .collect();
        format!("[{}]", items.join(","))
    }

    /// An object of members that are spelled already.
    pub(super) fn object(&mut self, members: &[(String, String)]) -> String {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| {
                let name = self.text(name);
                let (before, between) = (self.space(), self.space());
                format!(
                    "{before}{name}{between}:{}{value}{}",
                    self.space(),
                    self.space()
                )
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }

    fn space(&mut self) -> &'static str {
        pick(&["", "", "", " ", "\n", "\t\r\n "], self.random)
    }

    /// A text in quotes, with more escaped in it than has to be.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut out = "\"".to_owned();
        let much = self.random.random_ratio(1, 8);
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\t' if self.random.random() => out.push_str("\\t"),
                '/' if self.random.random() => out.push_str("\\/"),
                c if c < ' ' || much => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
        out
    }
}
