//! What a source says of its requests, in generated Rust: their proof and their id.

use super::names::literal;
use crate::model::{IdFrom, Scheme, Verify};

/// How a request proves where it comes from.
pub(super) fn verify_view(verify: &Verify) -> String {
    let scheme = match &verify.scheme {
        Scheme::Bearer => "Scheme::Bearer".to_owned(),
        Scheme::Basic => "Scheme::Basic".to_owned(),
        Scheme::Hmac {
            header,
            encoding,
            prefix,
        } => format!(
            "Scheme::Hmac {{ header: {}, encoding: Encoding::{encoding:?}, prefix: {} }}",
            literal(&header.to_ascii_lowercase()),
            literal(prefix)
        ),
    };
    let variable = literal(&verify.variable);
    format!("Verify {{ variable: {variable}, scheme: {scheme} }}")
}

/// What ids are made of.
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
