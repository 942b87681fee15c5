//! prost messages and tonic clients, as one Rust module a package.

use std::collections::BTreeMap;

use prost_build::Module;
use prost_types::FileDescriptorProto;

use super::RenderError;
use super::rust::Source;

/// The code of one package and the packages below it.
#[derive(Default)]
struct Package {
    code: String,
    below: BTreeMap<String, Package>,
}

/// The modules of these files, below a folder.
pub(crate) fn sources<'p>(
    files: impl Iterator<Item = &'p FileDescriptorProto>,
    folder: &str,
) -> Result<Vec<Source>, RenderError> {
    // The pool's files have their comments. What is Google's is in prost-types, and only looked at.
    let requests: Vec<_> = files
        .map(|file| {
            (
                Module::from_protobuf_package_name(file.package()),
                file.clone(),
            )
        })
        .collect();
    let mut config = prost_build::Config::new();
    // It is formatted with the other files.
    config.format(false);
    config.service_generator(
        tonic_prost_build::configure()
            .build_client(true)
            .build_server(false)
            .service_generator(),
    );
    let mut root = Package::default();
    for (module, code) in config.generate(requests).map_err(RenderError::Prost)? {
        let place = module.parts().fold(&mut root, |package, part| {
            package.below.entry(part.to_owned()).or_default()
        });
        place.code = code;
    }
    let mut sources = Vec::new();
    write(&mut sources, folder, "", &root, true);
    Ok(sources)
}

/// A package with packages below it is a folder, any other one is a file.
fn write(sources: &mut Vec<Source>, folder: &str, name: &str, package: &Package, is_root: bool) {
    let mut text = match is_root {
        true => "//! The messages, and clients of the services, by package.\n".to_owned(),
        false => format!("//! Package `{name}`.\n"),
    };
    for below in package.below.keys() {
        text.push_str(&format!("pub mod {below};\n"));
    }
    text.push_str(&package.code);
    let path = match is_root || !package.below.is_empty() {
        true => format!("{folder}/mod.rs"),
        false => format!("{folder}.rs"),
    };
    sources.push(Source {
        path,
        text,
        with_imports: false,
    });
    for (part, below) in &package.below {
        // A raw identifier's file goes without the mark.
        let file = part.trim_start_matches("r#");
        write(sources, &format!("{folder}/{file}"), part, below, false);
    }
}
