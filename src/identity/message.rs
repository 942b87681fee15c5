//! Ids of JSON messages: what they are made of, and how.
//!
//! An id tells whether two messages are the same one, sent twice, or two that look alike. Only the sender knows, so that
//! the pipeline declares where the sender says it.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::json::{self, Map, Value};

/// Declared values, as found in a message: one text for each part, never empty.
pub type Declared = Vec<String>;

/// The declared fields of a body; none if one of them is missing, null or empty.
pub fn fields(paths: &[&[&str]], body: &Map<String, Value>) -> Option<Declared> {
    paths
        .iter()
        .map(|path| json::value_text(body, path))
        .collect()
}

/// The id of what a source took: the same for the same declared value and body, another one in another source.
pub fn of_request(source: &str, declared: &[String], body: &[u8]) -> Uuid {
    let parts = declared.iter().map(String::as_bytes);
    hash(
        [&b"request"[..], source.as_bytes()]
            .into_iter()
            .chain(parts)
            .chain([body]),
    )
}

/// The id of an object that another service published: of the declared value and the object's own text. What all objects
/// of a list share, such as a header, tells them apart only with their place in it.
pub fn of_object(declared: &[String], object: &[u8], place: Option<usize>) -> Uuid {
    let place = place.map(|place| place.to_string()).unwrap_or_default();
    let parts = declared.iter().map(String::as_bytes);
    hash(
        std::iter::once(&b"object"[..])
            .chain(parts)
            .chain([object, place.as_bytes()]),
    )
}

/// A cryptographic hash, so that nobody outside can make two messages with the same id.
fn hash<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Uuid {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(id).into_uuid()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn declared(parts: &[&str]) -> Declared {
        parts.iter().map(|part| (*part).to_owned()).collect()
    }

    #[test]
    fn an_id_is_of_source_declared_value_and_body() {
        let id = of_request("shop", &declared(&["1"]), b"{}");
        assert_eq!(id, of_request("shop", &declared(&["1"]), b"{}"));
        assert_eq!(id.get_version_num(), 8);
        for other in [
            of_request("shop", &declared(&["2"]), b"{}"),
            of_request("shop", &declared(&["1"]), b"{ }"),
            of_request("pohs", &declared(&["1"]), b"{}"),
            of_request("shop1", &declared(&[]), b"{}"),
            of_request("shop", &declared(&["1", ""]), b"{}"),
        ] {
            assert_ne!(id, other);
        }
        let place = |place| of_object(&declared(&["1"]), b"{}", place);
        assert_ne!(place(Some(0)), place(Some(1)));
        assert_ne!(place(None), place(Some(0)));
    }

    #[test]
    fn fields_are_all_there_or_none() {
        let body =
            Value::from(json!({"a": 1, "b": {"c": "x"}, "null": null, "empty": "", "no": false}));
        let found = |paths: &[&[&str]]| fields(paths, body.as_object()?);
        assert_eq!(
            found(&[&["a"], &["b", "c"]]),
            Some(declared(&["1", "\"x\""]))
        );
        assert_eq!(found(&[&["no"]]), Some(declared(&["false"])));
        for missing in [&["d"][..], &["null"], &["empty"], &["a", "c"], &["b", "d"]] {
            assert_eq!(found(&[&["a"], missing]), None, "{missing:?}");
        }
    }
}
