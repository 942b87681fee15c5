//! The project's own declarations keep every rule.
#![allow(clippy::panic)]

use std::path::Path;

use event_grpc_codegen::report::draw::{Style, render};

#[test]
fn the_project_has_no_mistakes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (model, sources) = event_grpc_codegen::load(&root);
    if let Err(found) = model {
        let style = Style {
            colour: false,
            width: 100,
        };
        panic!("{}", render(&found, &sources, style));
    }
}
