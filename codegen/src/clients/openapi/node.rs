//! JSON whose members stay in the order in which they were put in, printed for people: what fits into a line is one line.

/// Columns of a line.
const WIDTH: usize = 120;

/// A value of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// A text.
    Text(String),
    /// An integer.
    Number(i128),
    /// A truth value.
    Flag(bool),
    /// A list.
    List(Vec<Node>),
    /// An object.
    Object(Vec<(String, Node)>),
}

/// A text.
pub(super) fn text(text: impl Into<String>) -> Node {
    Node::Text(text.into())
}

/// A list of texts.
pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Node {
    Node::List(texts.into_iter().map(text).collect())
}

/// An object.
pub(super) fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Node)>) -> Node {
    let members = members.into_iter();
    Node::Object(members.map(|(name, value)| (name.into(), value)).collect())
}

/// A reference to what is defined once, such as `schemas/Error`.
pub(super) fn reference(to: &str) -> Node {
    object([("$ref", text(format!("#/components/{to}")))])
}

impl Node {
    /// With another member at its end; nothing else than an object gets one.
    pub(super) fn with(mut self, name: &str, value: Node) -> Self {
        if let Node::Object(members) = &mut self {
            members.push((name.to_owned(), value));
        }
        self
    }

    /// With a description, if there is one.
    pub(super) fn described(self, description: &str) -> Self {
        match description {
            "" => self,
            description => self.with("description", text(description)),
        }
    }

    /// The file.
    pub(super) fn print(&self) -> String {
        let mut out = String::new();
        self.write(0, 0, &mut out);
        out.push('\n');
        out
    }

    /// Writes it behind so many columns of a line, of which so many are indentation.
    fn write(&self, used: usize, indent: usize, out: &mut String) {
        let start = out.len();
        // A comma may follow.
        let room = WIDTH.saturating_sub(used + 1);
        let inner = indent + 2;
        match self {
            Node::List(items) if !self.line(room, start, out) => {
                out.truncate(start);
                let items = items.iter().map(|item| (String::new(), item));
                write_all(['[', ']'], items, inner, out);
            }
            Node::Object(members) if !self.line(room, start, out) => {
                out.truncate(start);
                let members = members.iter();
                let members = members.map(|(name, value)| (format!("{}: ", quoted(name)), value));
                write_all(['{', '}'], members, inner, out);
            }
            Node::List(_) | Node::Object(_) => {}
            Node::Text(text) => out.push_str(&quoted(text)),
            Node::Number(number) => out.push_str(&number.to_string()),
            Node::Flag(flag) => out.push_str(&flag.to_string()),
        }
    }

    /// Writes the value in one line that starts at a place of the output; false as soon as it has more columns than there is
    /// room for.
    fn line(&self, room: usize, start: usize, out: &mut String) -> bool {
        let fits = |out: &str| {
            let line = out.get(start..).unwrap_or_default();
            line.len() <= room || line.chars().count() <= room
        };
        match self {
            Node::Text(text) => out.push_str(&quoted(text)),
            Node::Number(number) => out.push_str(&number.to_string()),
            Node::Flag(flag) => out.push_str(&flag.to_string()),
            Node::Object(members) if members.is_empty() => out.push_str("{}"),
            Node::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    if !item.line(room, start, out) {
                        return false;
                    }
                }
                out.push(']');
            }
            Node::Object(members) => {
                for (at, (name, value)) in members.iter().enumerate() {
                    out.push_str(if at == 0 { "{ " } else { ", " });
                    out.push_str(&quoted(name));
                    out.push_str(": ");
                    if !value.line(room, start, out) {
                        return false;
                    }
                }
                out.push_str(" }");
            }
        }
        fits(out)
    }
}

/// Writes what is between two brackets, each on lines of its own.
fn write_all<'n>(
    brackets: [char; 2],
    items: impl Iterator<Item = (String, &'n Node)>,
    indent: usize,
    out: &mut String,
) {
    let [open, close] = brackets;
    out.push(open);
    for (at, (name, value)) in items.enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(indent));
        out.push_str(&name);
        value.write(indent + name.chars().count(), indent, out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent.saturating_sub(2)));
    out.push(close);
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_one_line_and_members_stay_in_order() {
        let long = "a long sentence, ".repeat(8);
        let node = object([
            ("z", texts(["one", "\"two\""])),
            (
                "a",
                object([("long", text(&long)), ("flag", Node::Flag(true))]),
            ),
            ("empty", object::<&str>([])),
        ]);
        let expected = format!(
            "{{\n  \"z\": [\"one\", \"\\\"two\\\"\"],\n  \"a\": {{\n    \"long\": \"{long}\",\n    \"flag\": true\n  }},\n  \
             \"empty\": {{}}\n}}\n"
        );
        assert_eq!(node.print(), expected);
        assert!(serde_json::from_str::<serde_json::Value>(&node.print()).is_ok());
    }
}
