//! Libraries for senders: what is generated of each, and where it stands.

mod changelog;
pub(crate) mod contract;
mod given;
mod go;
mod go_names;
mod java;
mod openapi;
mod prose;
mod python;
mod rust;
mod typescript;
mod versions;

use std::path::Path;

use crate::base::parallel;
use crate::base::tree::Tree;
use crate::model::{Client, Model};
use crate::render::RenderError;
use crate::render::formatted::Formatted;
use crate::schema::history::History;
use contract::Contract;
use given::{Given, Made};

/// A library, or a description that one can be made of.
struct Library {
    /// What `clients` in `pipeline.yaml` calls it.
    client: Client,
    /// The folders below `clients/` that hold generated files of it and nothing else.
    folders: &'static [&'static str],
    /// Makes its files.
    files: fn(&Given<'_>) -> Made,
}

/// All of them. A language is a file and its line here.
const LIBRARIES: &[Library] = &[
    Library {
        client: Client::OpenApi,
        folders: &[],
        files: openapi::files,
    },
    Library {
        client: Client::TypeScript,
        folders: &["typescript/src/events"],
        files: typescript::files,
    },
    Library {
        client: Client::Java,
        folders: &[
            "java/core/src/generated/java",
            "java/core/src/test/generated/java",
        ],
        files: java::files,
    },
    Library {
        client: Client::Python,
        folders: &["python/event_grpc/events"],
        files: python::files,
    },
    Library {
        client: Client::Go,
        folders: &["go/events"],
        files: go::files,
    },
    Library {
        client: Client::Rust,
        folders: &["rust/src/generated"],
        files: rust::files,
    },
];

/// Adds what is below `clients/`.
pub fn render(
    tree: &mut Tree,
    root: &Path,
    model: &Model,
    history: &History,
    kept: Option<&Formatted>,
) -> Result<(), RenderError> {
    for folder in LIBRARIES.iter().flat_map(|library| library.folders) {
        tree.owns(format!("clients/{folder}"));
    }
    let Some(contract) = Contract::of(model) else {
        return Ok(());
    };
    let given = Given {
        model,
        contract: &contract,
        kept,
    };
    let made = parallel::map(LIBRARIES, |library| {
        match model.clients.contains(&library.client) {
            true => (library.files)(&given),
            false => Ok(Vec::new()),
        }
    });
    for files in made {
        for (path, text) in files? {
            tree.add(format!("clients/{path}"), text);
        }
    }
    if !model.clients.is_empty() {
        versions::write(tree, root, model, history);
    }
    Ok(())
}
