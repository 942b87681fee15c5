//! Rust: the messages and the client of the service that takes app events, as prost and tonic have them.

use std::collections::BTreeSet;

use super::contract::Contract;
use super::given::{Given, Made};
use crate::model::Model;
use crate::render::proto;

/// Its files: path below `clients/`, and text.
pub(super) fn files(given: &Given<'_>) -> Made {
    let Given {
        model,
        contract,
        kept,
    } = *given;
    let needed = needed(model, contract);
    let files = model.pool.file_descriptor_protos();
    let files = files.filter(|file| needed.contains(file.name()));
    let mut written = Vec::new();
    for source in proto::sources(files, "rust/src/generated/proto")? {
        let text = String::from_utf8_lossy(&source.format(kept)?).into_owned();
        written.push((source.path, text));
    }
    Ok(written)
}

/// The proto file of the service, and all that it imports.
fn needed(model: &Model, contract: &Contract) -> BTreeSet<String> {
    let service = contract.method.split_once('/').map(|(service, _)| service);
    let service = service.and_then(|service| model.pool.get_service_by_name(service));
    let mut open: Vec<_> = service.iter().map(|found| found.parent_file()).collect();
    let mut needed = BTreeSet::new();
    while let Some(file) = open.pop() {
        if needed.insert(file.name().to_owned()) {
            open.extend(file.dependencies());
        }
    }
    needed
}
