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
        let line = self.line();
        // A comma may follow.
        if used + line.chars().count() < WIDTH {
            out.push_str(&line);
            return;
        }
        let inner = indent + 2;
        match self {
            Node::List(items) => {
                let items = items.iter().map(|item| (String::new(), item));
                write_all(['[', ']'], items, inner, out);
            }
            Node::Object(members) => {
                let members = members.iter();
                let members = members.map(|(name, value)| (format!("{}: ", quoted(name)), value));
                write_all(['{', '}'], members, inner, out);
            }
            _ => out.push_str(&line),
        }
    }

    /// The value as one line.
    fn line(&self) -> String {
        match self {
            Node::Text(text) => quoted(text),
            Node::Number(number) => number.to_string(),
            Node::Flag(flag) => flag.to_string(),
            Node::List(items) => {
                let items: Vec<String> = items.iter().map(Node::line).collect();
                format!("[{}]", items.join(", "))
            }
            Node::Object(members) if members.is_empty() => "{}".to_owned(),
            Node::Object(members) => {
                let member =
                    |(name, value): &(String, Node)| format!("{}: {}", quoted(name), value.line());
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{ {} }}", members.join(", "))
            }
        }
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
