//! What the compiler of proto files says, in words that name the place to edit.

use crate::base::diagnostic::{Diagnostic, Diagnostics, FileId, Sources, Span};
use crate::base::names::nearest;
use crate::rules::reading::PROTO;

/// The types that are no messages.
const SCALARS: [&str; 15] = [
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32",
    "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes",
];

/// True if the file says that it is proto3, without which each of its fields would be wrong; else that is reported.
pub(super) fn is_proto3(file: FileId, sources: &Sources, out: &mut Diagnostics) -> bool {
    let Some(source) = sources.file(file) else {
        return false;
    };
    if source.text.starts_with('\u{feff}') {
        let message = format!("`{}` begins with a byte order mark", source.name);
        let found = Diagnostic::new(&PROTO, message).at(Span::new(file, 0, 3), "in front of this");
        out.push(found.help("save it as UTF-8 without a byte order mark"));
        return false;
    }
    let squeezed = |line: &str| line.split_whitespace().collect::<String>();
    let mut at = 0;
    let mut other = None;
    for line in source.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let words = squeezed(line);
        if words.contains("syntax=\"proto3\"") || words.contains("syntax='proto3'") {
            return true;
        }
        // A line that can't be read is the compiler's to judge.
        if words.starts_with("syntax") && !words.contains("proto2") {
            return true;
        }
        if words.starts_with("syntax") || words.starts_with("edition") {
            other = Some((start, start + line.trim_end().len()));
        }
    }
    let message = format!("`{}` doesn't say that it is proto3", source.name);
    let (start, end) = other.unwrap_or((0, 0));
    out.push(
        Diagnostic::new(&PROTO, message)
            .at(
                Span::new(file, start, end),
                "`syntax = \"proto3\";` belongs here",
            )
            .help("write `syntax = \"proto3\";` as the first declaration of the file"),
    );
    false
}

/// A mistake in the compiler's words or in better ones, without its place.
pub(super) fn told(said: &str, file: Option<FileId>, sources: &Sources) -> Diagnostic {
    let quoted: Vec<&str> = said.split('\'').skip(1).step_by(2).collect();
    match &quoted[..] {
        [name] if said.ends_with("is not defined") => undefined(name, file, sources),
        // The same ring of imports is found from each of its files.
        _ if said.starts_with("import cycle detected: ") => {
            let mut files: Vec<&str> = said
                .trim_start_matches("import cycle detected: ")
                .split(" -> ")
                .collect();
            files.sort_unstable();
            files.dedup();
            let message = format!("these files import each other: `{}`", files.join("`, `"));
            Diagnostic::new(&PROTO, message)
                .help("move what both of them need into a file that imports neither")
        }
        // A file that was copied has all its names twice.
        [_, other] if said.contains("is already defined in file") => {
            let here = file.and_then(|file| sources.file(file));
            let here = here.map_or("a proto file", |file| file.name.as_str());
            let message = format!("`{here}` and `proto/{other}` declare the same names");
            Diagnostic::new(&PROTO, message)
                .help("declare each of them once; if one file is a copy of the other, delete it")
        }
        [import] if said.ends_with("not found") => {
            let names = sources.names();
            let known: Vec<&str> = names.filter_map(|n| n.strip_prefix("proto/")).collect();
            let message = format!("there is no file `proto/{import}` to import");
            let found = Diagnostic::new(&PROTO, message);
            let inside = import.strip_prefix("proto/").filter(|i| known.contains(i));
            match inside.or_else(|| nearest(import, &known)) {
                Some(near) => found.help(format!("did you mean `import \"{near}\";`?")),
                None => found.help("paths of imports begin in the folder `proto`"),
            }
        }
        _ if said == "invalid token" => {
            let message = "a proto file has no such character outside of comments and quotes";
            Diagnostic::new(&PROTO, message).help("quotes are written as `\"`")
        }
        _ => Diagnostic::new(&PROTO, said),
    }
}

/// A name that stands for nothing: it is declared elsewhere, or misspelt.
fn undefined(name: &str, file: Option<FileId>, sources: &Sources) -> Diagnostic {
    let simple = name.rsplit('.').next().unwrap_or(name);
    let mut declared: Vec<&str> = Vec::new();
    for source in sources.names().filter(|n| n.ends_with(".proto")) {
        let Some(text) = sources.find(source).and_then(|id| sources.file(id)) else {
            continue;
        };
        let names = text.text.lines().filter_map(declared_in);
        if names.clone().any(|found| found == simple) {
            let package = text.text.lines().find_map(package_in).unwrap_or_default();
            let own = file.and_then(|file| sources.file(file));
            let own = own.and_then(|own| own.text.lines().find_map(package_in));
            let own = own.unwrap_or_default();
            let dotted = name.strip_suffix(simple).and_then(|n| n.strip_suffix('.'));
            let wanted = dotted.unwrap_or(own);
            if package != wanted {
                let message = format!(
                    "`{source}` declares messages of package `{package}` that are looked for in `{wanted}`"
                );
                return Diagnostic::new(&PROTO, message).help(format!(
                    "write `package {wanted};` in {source} if it belongs there, or `{package}.NAME` here"
                ));
            }
        }
        declared.extend(names);
    }
    let found = Diagnostic::new(&PROTO, format!("there is no type `{name}`"));
    declared.extend(SCALARS);
    match nearest(simple, &declared).filter(|near| *near != simple) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None if name.starts_with("google.protobuf.") => {
            found.help("import its file, such as `import \"google/protobuf/struct.proto\";`")
        }
        None => found.help("declare it, or import the file that does"),
    }
}

/// The message or enum that a line begins to declare.
fn declared_in(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let kind = words.next()?;
    let name = words.next()?.trim_end_matches('{');
    ["message", "enum"].contains(&kind).then_some(name)
}

fn package_in(line: &str) -> Option<&str> {
    line.trim()
        .strip_prefix("package ")?
        .split(';')
        .next()
        .map(str::trim)
}
