//! Rust source as it is written: parsed, printed by prettyplease, with the header line in front.

use syn::parse::{ParseStream, Parser as _};

use super::RenderError;
use super::imports::imports;
use crate::base::header::HEADER;

/// Rust source that is to be formatted.
pub(crate) struct Source {
    /// Path of its file, below the folder of generated files.
    pub(crate) path: String,
    /// As it was filled in.
    pub(super) text: String,
    /// True if the names that it mentions have yet to be imported.
    pub(super) with_imports: bool,
}

impl Source {
    /// The file as it is written.
    pub(crate) fn format(&self) -> Result<Vec<u8>, RenderError> {
        match self.with_imports {
            true => with_imports(&self.path, &self.text),
            false => format(&self.path, &self.text),
        }
    }
}

/// Formats a file whose names have yet to be imported; `path` is below the folder of generated files.
fn with_imports(path: &str, source: &str) -> Result<Vec<u8>, RenderError> {
    let bad = |source| RenderError::Rust {
        file: path.to_owned(),
        source,
    };
    let imports_and_file = |input: ParseStream<'_>| {
        let lines = imports(path, input.cursor());
        Ok((lines, input.parse::<syn::File>()?))
    };
    let (lines, mut file) = imports_and_file.parse_str(source).map_err(bad)?;
    let mut items = Vec::new();
    for line in lines {
        items.push(syn::parse_str(&line).map_err(bad)?);
    }
    items.append(&mut file.items);
    Ok(print_file(file.attrs, items))
}

/// Formats a file as it is; `name` is for the error.
fn format(name: &str, source: &str) -> Result<Vec<u8>, RenderError> {
    let file = syn::parse_file(source).map_err(|source| RenderError::Rust {
        file: name.to_owned(),
        source,
    })?;
    Ok(print_file(file.attrs, file.items))
}

/// The header is put on afterwards because prettyplease drops comments that aren't documentation. It also writes
/// items without blank lines between them, so they are printed one by one.
fn print_file(attrs: Vec<syn::Attribute>, items: Vec<syn::Item>) -> Vec<u8> {
    let mut out = format!("// {HEADER}\n");
    out.push_str(&print(attrs, Vec::new()));
    let mut before = Kind::Head;
    for item in items {
        let kind = Kind::of(&item);
        if kind == Kind::Other || kind != before {
            out.push('\n');
        }
        out.push_str(&print(Vec::new(), vec![item]));
        before = kind;
    }
    out.into_bytes()
}

/// Kind of item; items of one kind have no blank line between them.
#[derive(PartialEq, Eq)]
enum Kind {
    Head,
    Module,
    Import,
    Other,
}

impl Kind {
    fn of(item: &syn::Item) -> Self {
        match item {
            syn::Item::Mod(module) if module.content.is_none() => Kind::Module,
            syn::Item::Use(_) => Kind::Import,
            _ => Kind::Other,
        }
    }
}

fn print(attrs: Vec<syn::Attribute>, items: Vec<syn::Item>) -> String {
    prettyplease::unparse(&syn::File {
        shebang: None,
        attrs,
        items,
    })
}
