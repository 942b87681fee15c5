//! Changes of contracts that follow from another name or type of a message or a field, which is told instead.

use super::lock::{Field, Lock};

/// True if a change of a fact is no more than that a message or a field has another name, or is not optional any more.
pub(super) fn is(word: &str, subject: &[&str], base: &Lock, now: &Lock) -> bool {
    let key = [&[word], subject].concat().join(" ");
    let before = base.contracts.get(&key);
    match (word, subject) {
        ("method" | "path" | "carries" | "request", _) => before.is_some_and(|before| {
            let mut words = before.split(' ');
            words.any(|name| is_gone(name, base, now))
        }),
        // The routing key of an event is the name of its message.
        ("bind", [_, _, event]) => {
            let named = |name: &str| name.rsplit('.').next() == Some(*event);
            let mut messages = base.fields.keys().map(|(message, _)| message);
            messages.any(|name| named(name) && is_gone(name, base, now))
        }
        ("expression" | "variant" | "body" | "by" | "publish", _) => {
            let after = now.contracts.get(&key);
            let (Some(before), Some(after)) = (before, after) else {
                return false;
            };
            before != after && with_new_names(before, base, now) == *after
        }
        ("required" | "needed", [of, path]) => {
            before.is_none()
                && (base.contracts.keys().any(|key| {
                    let path_before = key.strip_prefix(&format!("{word} {of} "));
                    path_before.is_some_and(|before| {
                        let new = with_new_names(&format!(".{before}"), base, now);
                        before != *path && new.strip_prefix('.') == Some(*path)
                    })
                }) || required_now(of, path, base, now))
        }
        _ => false,
    }
}

/// True if a message was there and isn't any more.
fn is_gone(message: &str, base: &Lock, now: &Lock) -> bool {
    let has = |lock: &Lock| {
        let mut fields = lock.fields.range((message.to_owned(), 0)..);
        fields.next().is_some_and(|((of, _), _)| of == message)
    };
    has(base) && !has(now)
}

/// An expression with the names that fields have now.
pub(super) fn with_new_names(before: &str, base: &Lock, now: &Lock) -> String {
    let mut text = before.to_owned();
    for (key, field) in &base.fields {
        if let Some(after) = now.fields.get(key).filter(|after| after.name != field.name) {
            let (old, new) = (format!(".{}", field.name), format!(".{}", after.name));
            text = replaced(&text, &old, &new);
        }
    }
    text
}

/// Replaces a name where it isn't the beginning of another one.
fn replaced(text: &str, old: &str, new: &str) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(old) {
        let goes_on = behind.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        made.push_str(before);
        made.push_str(if goes_on { old } else { new });
        rest = behind;
    }
    made + rest
}

/// True if a field of a queue's messages was optional and isn't any more, which is a change of its type.
fn required_now(queue: &str, path: &str, base: &Lock, now: &Lock) -> bool {
    let carries = now.contracts.get(&format!("carries {queue}"));
    let Some(mut message) = carries.and_then(|what| what.strip_prefix("json ")) else {
        return false;
    };
    for name in path.split('.') {
        let of_name =
            |(key, field): &(&(String, u32), &Field)| key.0 == message && field.name == name;
        let Some((key, after)) = now.fields.iter().find(of_name) else {
            return false;
        };
        let before = base.fields.get(key).map(|field| field.ty.as_str());
        if before.and_then(|ty| ty.strip_prefix("optional ")) == Some(&after.ty) {
            return true;
        }
        message = &after.ty;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_as_a_whole() {
        assert_eq!(
            replaced("body.a.ab | with(\"x\", body.a)", ".a", ".b"),
            "body.b.ab | with(\"x\", body.b)"
        );
    }
}
