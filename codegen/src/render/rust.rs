//! Rust source as it is written: parsed, printed by prettyplease, with the header line in front.

use syn::parse::{ParseStream, Parser as _};

use super::RenderError;
use super::formatted::Formatted;
use super::imports::imports;
use crate::base::header::HEADER;
use crate::base::parallel;

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
    /// The file as it is written. Pieces of it that an earlier run formatted are taken from there.
    pub(crate) fn format(&self, kept: Option<&Formatted>) -> Result<Vec<u8>, RenderError> {
        let pieces = match self.with_imports {
            true => vec![self.text.as_str()],
            false => pieces(&self.text),
        };
        let format = |piece: &str| match self.with_imports {
            true => with_imports(&self.path, piece),
            false => format(&self.path, piece),
        };
        let formatted = match kept {
            Some(kept) => kept.get(&self.path, &pieces, format)?,
            None => parallel::map(&pieces, |piece| format(piece))
                .into_iter()
                .collect::<Result<String, _>>()?,
        };
        // The header is put on afterwards because prettyplease drops comments that aren't documentation.
        Ok(format!("// {HEADER}\n{formatted}").into_bytes())
    }
}

/// Source in pieces that can be formatted by themselves: each ends with an item whose end is a brace in the first column. What
/// is in front of the first one is part of it.
fn pieces(source: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut end = 0;
    for line in source.split_inclusive('\n') {
        end += line.len();
        let closes = line.trim_end().ends_with('}');
        if closes && !line.starts_with([' ', '/', '#']) {
            pieces.extend(source.get(start..end));
            start = end;
        }
    }
    let rest = source.get(start..).filter(|rest| !rest.trim().is_empty());
    pieces.extend(rest);
    pieces
}

/// Formats a file whose names have yet to be imported; `path` is below the folder of generated files.
fn with_imports(path: &str, source: &str) -> Result<String, RenderError> {
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

/// Formats a piece of a file as it is; `name` is for the error.
fn format(name: &str, source: &str) -> Result<String, RenderError> {
    let file = syn::parse_file(source).map_err(|source| RenderError::Rust {
        file: name.to_owned(),
        source,
    })?;
    Ok(print_file(file.attrs, file.items))
}

/// prettyplease writes items without blank lines between them, so they are printed one by one.
fn print_file(attrs: Vec<syn::Attribute>, items: Vec<syn::Item>) -> String {
    let mut out = print(attrs, Vec::new());
    let mut before = Kind::Head;
    for item in items {
        let kind = Kind::of(&item);
        if kind == Kind::Other || kind != before {
            out.push('\n');
        }
        out.push_str(&print(Vec::new(), vec![item]));
        before = kind;
    }
    out
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
