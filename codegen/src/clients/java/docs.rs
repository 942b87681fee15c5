//! Comments of Javadoc.

/// Columns of a line.
const WIDTH: usize = 120;

/// A doc comment behind an indent: what the proto file says, or else what stands in for it, and a remark.
pub(super) fn doc_at(indent: usize, text: &str, instead: &str, remark: &str) -> String {
    let text = match text {
        "" => instead.to_owned(),
        text => escaped(text),
    };
    let text = format!("{text} {remark}");
    let text = text.trim();
    let before = " ".repeat(indent);
    let line = format!("{before}/** {text} */");
    if line.chars().count() <= WIDTH {
        return line;
    }
    let mut lines = vec![format!("{before}/**")];
    let mut current = format!("{before} *");
    for word in text.split_whitespace() {
        if current.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut current, format!("{before} *")));
        }
        current.push(' ');
        current.push_str(word);
    }
    lines.push(current);
    lines.push(format!("{before} */"));
    lines.join("\n")
}

/// A doc comment of a type.
pub(super) fn doc(text: &str, instead: &str, remark: &str) -> String {
    doc_at(0, text, instead, remark)
}

/// Text that Javadoc shows as it is, whatever it holds.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            // Ends of comments, and escapes that javac reads in comments too.
            '/' if escaped.ends_with('*') => escaped.push_str("&#47;"),
            '\\' => escaped.push_str("&#92;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_comment_of_java_or_means_anything_in_it() {
        assert_eq!(
            doc_at(4, r"a */ {@link B} <b> \u0022", "", "Remark."),
            r"    /** a *&#47; {&#64;link B} &lt;b&gt; &#92;u0022 Remark. */"
        );
        assert_eq!(doc("", "{@code a}.", ""), "/** {@code a}. */");
        let long = doc_at(4, &"word ".repeat(40), "", "");
        assert!(long.starts_with("    /**\n     * word"), "{long}");
        assert!(long.lines().all(|line| line.len() <= WIDTH), "{long}");
    }
}
