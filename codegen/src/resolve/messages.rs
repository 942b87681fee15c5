//! Resolves the section `messages`: rules for JSON messages.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::sources;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::rules::columns::UNKNOWN_FIELD;
use crate::rules::webhooks::ANY_OF;
use crate::syntax::proto::Proto;
use crate::syntax::spec::{self, Located, Spec};
use crate::syntax::yaml::Text;

/// The messages of which one of some fields has to be there.
pub(super) fn any_of(
    spec: &Spec,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Vec<Located<(MessageDescriptor, Vec<String>)>> {
    let mut found = Vec::new();
    for written in &spec.messages {
        let Some(message) = sources::message(&written.name, proto, out) else {
            continue;
        };
        let fields = fields(written, &message, proto, out);
        found.push(Located {
            value: (message, fields),
            span: written.name.span,
        });
    }
    found
}

fn fields(
    written: &spec::Message,
    message: &MessageDescriptor,
    proto: &Proto,
    out: &mut Diagnostics,
) -> Vec<String> {
    if let [only] = &written.any_of[..] {
        let message = format!("`{}` alone is not a choice", only.value);
        let found = Diagnostic::new(&ANY_OF, message).at(only.span, "alone");
        out.push(found.help("a required field is declared without `optional`"));
    }
    for name in &written.any_of {
        match message.get_field_by_name(&name.value) {
            None => out.push(unknown(name, message, proto)),
            Some(field) if !may_be_absent(&field) => {
                let message = format!("`{}` is required anyway", field.full_name());
                out.push(
                    Diagnostic::new(&ANY_OF, message)
                        .at(name.span, "no choice")
                        .and(proto.field_span(&field), "not `optional`")
                        .help("declare it `optional` in the proto file"),
                );
            }
            Some(_) => {}
        }
    }
    written.any_of.iter().map(|n| n.value.clone()).collect()
}

/// True if a JSON message may come without the field.
fn may_be_absent(field: &FieldDescriptor) -> bool {
    field.field_descriptor_proto().proto3_optional()
}

fn unknown(name: &Text, message: &MessageDescriptor, proto: &Proto) -> Diagnostic {
    let text = format!("`{}` has no field `{}`", message.full_name(), name.value);
    let known: Vec<_> = message.fields().map(|f| f.name().to_owned()).collect();
    let known = known.iter().map(String::as_str);
    Diagnostic::new(&UNKNOWN_FIELD, text)
        .at(name.span, "no such field")
        .and(proto.message_span(message), "the message is here")
        .help(suggest(&name.value, known, "known fields"))
}
