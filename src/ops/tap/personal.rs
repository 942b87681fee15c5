//! Personal fields: what is masked where people look at events.

use serde_json::Value;

/// In place of a personal value.
pub const MASK: &str = "***";

/// Fields that are personal, whatever the pipeline is about: their names in lower case, without `_` and `-`.
const WHOLE: &[&str] = &[
    "ip",
    "clientip",
    "remoteaddr",
    "name",
    "firstname",
    "lastname",
    "middlename",
    "fullname",
    "displayname",
    "surname",
    "handle",
    "username",
    "nickname",
    "dob",
    "gender",
    "age",
    "lat",
    "lon",
    "lng",
    "otp",
    "pin",
    "pan",
    "ssn",
    "authorization",
    "cookie",
];

/// Parts of names that make a field personal.
const PARTS: &[&str] = &[
    "email",
    "phone",
    "mobile",
    "ipaddress",
    "useragent",
    "birth",
    "latitude",
    "longitude",
    "address",
    "zipcode",
    "postcode",
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "signature",
    "cardnumber",
    "iban",
    "accountnumber",
    "aadhaar",
    "passport",
    "whatsapp",
    "deviceid",
    "advertisingid",
    "idfa",
    "gaid",
];

/// Which fields are personal.
#[derive(Debug, Clone, Default)]
pub struct Personal {
    /// Further names.
    names: Vec<String>,
}

impl Personal {
    /// The usual ones, and these names.
    pub fn with(names: &[String]) -> Self {
        Personal {
            names: names.iter().map(|name| plain(name)).collect(),
        }
    }

    /// True if a field of this name is personal, or what is in it is.
    pub fn is(&self, name: &str) -> bool {
        let name = plain(name);
        WHOLE.contains(&name.as_str())
            || self.names.contains(&name)
            || PARTS.iter().any(|part| name.contains(part))
    }

    /// Masks what a tap shows. The names of an event's variant and of a table, which have members, aren't names of fields.
    pub fn mask_shown(&self, shown: &mut Value) {
        let Some(members) = shown.as_object_mut() else {
            return;
        };
        for (name, value) in members {
            match value {
                Value::Object(inner) if ["event", "row"].contains(&name.as_str()) => {
                    for (name, value) in inner {
                        match !value.is_object() && self.is(name) {
                            true => hide(value),
                            false => self.mask(value),
                        }
                    }
                }
                value => self.mask(value),
            }
        }
    }

    /// Masks personal fields at any depth, in JSON in texts too, and texts with an address of an email in them.
    pub fn mask(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match self.is(name) {
                        true => hide(value),
                        false => self.mask(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::String(text) => self.mask_text(text),
            _ => {}
        }
    }

    fn mask_text(&self, text: &mut String) {
        let inner = text.trim_start().starts_with(['{', '[']);
        let inner: Option<Value> = inner.then(|| serde_json::from_str(text).ok()).flatten();
        if let Some(mut inner) = inner {
            self.mask(&mut inner);
            *text = inner.to_string();
        } else if has_email(text) {
            MASK.clone_into(text);
        } else if let Some((before, _)) = text.split_once('?')
            && before.contains("://")
        {
            // Queries of URLs hold what forms held.
            *text = format!("{before}?{MASK}");
        }
    }
}

/// Puts the mask in place of a value; of a list or an object, in place of each.
fn hide(value: &mut Value) {
    match value {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => members.values_mut().for_each(hide),
        value => *value = Value::from(MASK),
    }
}

/// A name in lower case, without `_` and `-`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !"_-".contains(*c));
    letters.flat_map(char::to_lowercase).collect()
}

/// True if a text holds what looks like an address of an email: something, `@`, and something with a dot.
fn has_email(text: &str) -> bool {
    let mut parts = text.split('@');
    let mut before = parts.next().unwrap_or_default();
    parts.any(|after| {
        let is_part = |c: char| c.is_alphanumeric() || "._+-%".contains(c);
        let local = before.chars().next_back().is_some_and(is_part);
        let host = after.split(|c| !is_part(c)).next().unwrap_or_default();
        before = after;
        local && host.trim_end_matches('.').contains('.')
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_name_of_a_type_is_no_field() {
        let mut shown = json!({
            "type": "PhoneVerifiedEvent",
            "event": { "id": "1", "phoneVerifiedEvent": { "phone": "1", "country": "de" }, "email": "a" },
            "row": { "phones": { "phone": "1" } },
        });
        Personal::default().mask_shown(&mut shown);
        let wanted = json!({
            "type": "PhoneVerifiedEvent",
            "event": { "id": "1", "phoneVerifiedEvent": { "phone": "***", "country": "de" }, "email": "***" },
            "row": { "phones": { "phone": "***" } },
        });
        assert_eq!(shown, wanted);
    }

    #[test]
    fn personal_fields_are_masked_at_any_depth_and_others_are_not() {
        let personal = Personal::with(&["loyaltyCard".into()]);
        let mut shown = json!({
            "productName": "shoe",
            "emailAddress": "a@b.de",
            "user_agent": "Firefox",
            "ip": ["1.2.3.4"],
            "address": { "street": "s", "city": "c", "none": null },
            "loyalty_card": 7,
            "orders": [{ "phone": "1", "count": 2 }],
            "note": "write to jo.doe+x@example.com, please",
            "handle": "@someone",
            "mention": "@someone at 5.30",
            "params": "{\"email\":\"x@y.de\",\"n\":1}",
            "currentURL": "https://shop.example/a?email=x",
            "empty": { "email": "" },
        });
        personal.mask(&mut shown);
        let wanted = json!({
            "productName": "shoe",
            "emailAddress": "***",
            "user_agent": "***",
            "ip": ["***"],
            "address": { "street": "***", "city": "***", "none": null },
            "loyalty_card": "***",
            "orders": [{ "phone": "***", "count": 2 }],
            "note": "***",
            "handle": "***",
            "mention": "@someone at 5.30",
            "params": "{\"email\":\"***\",\"n\":1}",
            "currentURL": "https://shop.example/a?***",
            "empty": { "email": "" },
        });
        assert_eq!(shown, wanted);
    }
}
