//! `proto/`: compiled without `protoc`, with the place and the comment of every message and field.

use std::collections::HashMap;
use std::path::Path;

use miette::Diagnostic as _;
use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor,
};
use prost_types::source_code_info::Location;

use crate::base::diagnostic::{Diagnostic, Diagnostics, FileId, Sources, Span};
use crate::rules::reading::PROTO;
use crate::syntax::{file, proto_words};

/// The compiled files of `proto/`.
#[derive(Debug)]
pub(crate) struct Proto {
    /// Everything that was declared, and what it imports.
    pub(crate) pool: DescriptorPool,
    /// Encoded `FileDescriptorSet`, without positions and comments.
    pub(crate) descriptors: Vec<u8>,
    /// The files, by their number in `pool`; imports of the standard library are none.
    files: Vec<Option<File>>,
}

/// A file's text, and where what it declares is in it.
#[derive(Debug)]
struct File {
    id: FileId,
    /// The offset of each line.
    lines: Vec<usize>,
    /// The number of a location by its path.
    locations: HashMap<Vec<i32>, usize>,
}

/// Field number of the name in the descriptors of messages, fields, services and methods alike.
const NAME: i32 = 1;

/// Compiles every `.proto` file below `root/proto`; each file's mistakes are reported.
pub(crate) fn compile(root: &Path, sources: &mut Sources, out: &mut Diagnostics) -> Option<Proto> {
    let dir = root.join("proto");
    let mut names = Vec::new();
    if let Err(error) = find(&dir, &dir, &mut names) {
        let message = format!("the folder `proto` can't be read: {error}");
        out.push(Diagnostic::new(&PROTO, message));
        return None;
    }
    names.sort();
    let fit = names.iter().map(|name| {
        let name = format!("proto/{name}");
        let file = file::read(root, &name, &PROTO, sources, out);
        file.is_some_and(|file| proto_words::is_proto3(file, sources, out))
    });
    // All of them are looked at before the answer.
    if fit.filter(|fit| !fit).count() > 0 {
        return None;
    }
    let mut compiler = match protox::Compiler::new([&dir]) {
        Ok(compiler) => compiler,
        Err(error) => {
            report(&error, sources, out);
            return None;
        }
    };
    compiler.include_imports(true);
    let mut failed = false;
    for name in &names {
        if let Err(error) = compiler.open_file(name) {
            report(&error, sources, out);
            failed = true;
        }
    }
    if failed {
        return None;
    }
    let pool = compiler.descriptor_pool();
    let files = pool
        .files()
        .map(|file| {
            let id = sources.find(&format!("proto/{}", file.name()))?;
            let lines = line_starts(&sources.file(id)?.text);
            Some(File {
                id,
                lines,
                locations: locations(&file),
            })
        })
        .collect();
    Some(Proto {
        descriptors: compiler.encode_file_descriptor_set(),
        pool,
        files,
    })
}

/// The names of the `.proto` files below `dir`, with `/` between folders.
fn find(base: &Path, dir: &Path, names: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find(base, &path, names)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            let relative = path.strip_prefix(base).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|p| p.to_string_lossy()).collect();
            names.push(parts.join("/"));
        }
    }
    Ok(())
}

/// Takes the message, the labels and the help out of an error of the compiler, and of those related to it.
fn report(error: &protox::Error, sources: &Sources, out: &mut Diagnostics) {
    let file = error
        .file()
        .and_then(|name| sources.find(&format!("proto/{name}")));
    let mut errors: Vec<&dyn miette::Diagnostic> = vec![error];
    errors.extend(error.related().into_iter().flatten());
    for error in errors {
        let mut found = proto_words::told(&error.to_string(), file, sources);
        if let Some(help) = error.help() {
            found = found.help(help.to_string());
        }
        let labels: Vec<_> = error.labels().into_iter().flatten().collect();
        let span = |label: &miette::LabeledSpan| {
            let (start, end) = (label.offset(), label.offset() + label.len());
            file.map(|file| Span::new(file, start, end))
        };
        // If two labels collide, the second is the later one: it is the mistake.
        let mut labels = labels.iter().rev();
        if let Some((label, span)) = labels.next().and_then(|l| Some((l, span(l)?))) {
            found = found.at(span, label.label().unwrap_or("here"));
        } else if let Some(file) = file {
            found = found.at(Span::new(file, 0, 0), "in this file");
        }
        if let Some(label) = labels.next() {
            found = found.and(span(label), label.label().unwrap_or("and here"));
        }
        out.push(found);
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(breaks).collect()
}

/// The numbers of a file's locations; of two with one path that of the first.
fn locations(file: &FileDescriptor) -> HashMap<Vec<i32>, usize> {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let all = info.into_iter().flat_map(|info| &info.location).enumerate();
    let backwards = all.collect::<Vec<_>>().into_iter().rev();
    backwards
        .map(|(at, location)| (location.path.clone(), at))
        .collect()
}

// === impl Proto ===

impl Proto {
    /// The place of a message's name.
    pub(crate) fn message_span(&self, message: &MessageDescriptor) -> Option<Span> {
        self.span(&message.parent_file(), message.path())
    }

    /// The place of a field's name.
    pub(crate) fn field_span(&self, field: &FieldDescriptor) -> Option<Span> {
        self.span(&field.parent_file(), field.path())
    }

    /// The place of an enum's name.
    pub(crate) fn enum_span(&self, names: &EnumDescriptor) -> Option<Span> {
        self.span(&names.parent_file(), names.path())
    }

    /// The comment above a field, joined to one paragraph.
    pub(crate) fn field_doc(&self, field: &FieldDescriptor) -> String {
        let file = field.parent_file();
        let location = self.location(&file, field.path());
        let comment = location.map(Location::leading_comments);
        let words: Vec<&str> = comment.unwrap_or_default().split_whitespace().collect();
        words.join(" ")
    }

    /// A field's file, line and column, for a sentence.
    pub(crate) fn place(&self, field: &FieldDescriptor) -> String {
        let file = field.parent_file();
        let line = |span: Span| {
            let starts = &self.files.get(file.index())?.as_ref()?.lines;
            let line = starts.partition_point(|start| *start <= span.start);
            Some((line, span.start - starts.get(line.checked_sub(1)?)? + 1))
        };
        match self.field_span(field).and_then(line) {
            Some((line, column)) => format!("proto/{}:{line}:{column}", file.name()),
            None => file.name().to_owned(),
        }
    }

    fn span(&self, file: &FileDescriptor, path: &[i32]) -> Option<Span> {
        let File { id, lines, .. } = self.files.get(file.index())?.as_ref()?;
        let location = self.location(file, &[path, &[NAME]].concat())?;
        let at = |line: i32, column: i32| {
            let start = lines.get(usize::try_from(line).ok()?)?;
            Some(start + usize::try_from(column).ok()?)
        };
        let (start, end) = match location.span[..] {
            [line, column, end] => (at(line, column)?, at(line, end)?),
            [line, column, end_line, end] => (at(line, column)?, at(end_line, end)?),
            _ => return None,
        };
        Some(Span::new(*id, start, end))
    }

    fn location<'f>(&self, file: &'f FileDescriptor, path: &[i32]) -> Option<&'f Location> {
        let at = self
            .files
            .get(file.index())?
            .as_ref()?
            .locations
            .get(path)?;
        let info = file.file_descriptor_proto().source_code_info.as_ref()?;
        info.location.get(*at)
    }
}
