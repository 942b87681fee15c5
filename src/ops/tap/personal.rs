//! Personal fields: what is masked where people look at events.

use serde_json::{Map, Value};

use crate::contract::Pipeline;

/// In place of a personal value.
pub const MASK: &str = "***";

/// Fields that are personal, whatever the pipeline is about: their letters and digits, in lower case.
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

/// Members of an object that name what another member of it holds, as in `{"name": "phone", "value": "1"}`; and the others.
const NAMING: &[&str] = &["name", "key", "field", "property", "attribute", "label"];
const NAMED: &[&str] = &["value", "values", "val", "text", "content", "data"];

/// Number of colons in a reason before which a place is looked for.
const PLACES: usize = 4;

/// Which fields are personal.
#[derive(Debug, Clone, Default)]
pub struct Personal {
    /// Further names.
    names: Vec<String>,
    /// The last names of paths, in the order of the path.
    paths: Vec<Vec<String>>,
}

/// A value that is being masked.
struct Masking<'a> {
    personal: &'a Personal,
    /// Names down to the place that is looked at.
    path: Vec<String>,
}

impl Personal {
    /// The usual ones, and these: names, and paths whose last names count, as in `addToCartEvent.note`.
    pub fn with<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut personal = Personal::default();
        for name in names {
            let mut path: Vec<String> = name.split('.').map(plain).collect();
            path.retain(|name| !name.is_empty());
            match path.len() {
                0 => {}
                1 => personal.names.append(&mut path),
                _ => personal.paths.push(path),
            }
        }
        personal
    }

    /// The usual ones, those that a pipeline declares, and these; and the columns that hold any of them.
    pub fn of(pipeline: &Pipeline, names: &[String]) -> Self {
        let declared = pipeline.personal.iter().copied();
        let mut personal = Personal::with(declared.chain(names.iter().map(String::as_str)));
        for table in pipeline.tables {
            for column in table
                .columns
                .iter()
                .filter(|column| !column.from.is_empty())
            {
                if personal.covers(&column.from.split('.').collect::<Vec<_>>()) {
                    let path = vec![plain(table.name), plain(column.name)];
                    personal.paths.push(path);
                }
            }
        }
        personal
    }

    /// True if a field of this name is personal, or what is in it is.
    pub fn is(&self, name: &str) -> bool {
        self.is_plain(&plain(name))
    }

    /// True if a path leads to a personal field, or into one.
    pub fn covers(&self, path: &[impl AsRef<str>]) -> bool {
        let path: Vec<String> = path.iter().map(|name| plain(name.as_ref())).collect();
        (1..=path.len()).any(|end| path.get(..end).is_some_and(|path| self.ends_in(path)))
    }

    /// Masks what a tap shows. `variant` is the member that holds the payload of an event: its name, and that of a table,
    /// aren't names of fields.
    pub fn mask_shown(&self, shown: &mut Value, variant: Option<&str>) {
        let Some(members) = shown.as_object_mut() else {
            return;
        };
        for (name, value) in members {
            let mut masking = self.at(&[name]);
            match (name.as_str(), value) {
                ("event", Value::Object(event)) => masking.members(event, variant),
                ("row", Value::Object(tables)) => {
                    for (table, row) in tables {
                        let mut masking = self.at(&[name, table]);
                        match row {
                            Value::String(why) => self.mask_reason(why),
                            row => masking.value(row),
                        }
                    }
                }
                ("reason", Value::String(reason)) => self.mask_reason(reason),
                // Nobody knows what is in it.
                ("base64", value) => hide(value),
                (_, value) => masking.value(value),
            }
        }
    }

    /// Masks personal fields at any depth, in JSON in texts too, and texts with an address of an email in them.
    pub fn mask(&self, value: &mut Value) {
        self.at(&[]).value(value);
    }

    /// Masks what a reason quotes of a personal field, whose place is before a colon.
    pub fn mask_reason(&self, reason: &mut String) {
        let colons = reason.match_indices(": ").map(|(at, _)| at);
        let place = colons.take(PLACES).find(|at| {
            let place = reason.get(..*at).unwrap_or_default();
            let mut words = place.split(|c: char| c.is_whitespace() || "`\"()".contains(c));
            words.any(|word| {
                let names = word.split(['.', '/', '[', ']']);
                self.covers(&names.collect::<Vec<_>>())
            })
        });
        match place {
            Some(place) => {
                reason.truncate(place);
                reason.push_str(": ");
                reason.push_str(MASK);
            }
            None => self.at(&[]).text(reason),
        }
    }

    fn at(&self, path: &[&str]) -> Masking<'_> {
        let path = path.iter().map(|name| plain(name)).collect();
        let personal = self;
        Masking { personal, path }
    }

    fn ends_in(&self, path: &[String]) -> bool {
        path.last().is_some_and(|name| self.is_plain(name))
            || self.paths.iter().any(|of| path.ends_with(of))
    }

    fn is_plain(&self, name: &String) -> bool {
        WHOLE.contains(&name.as_str())
            || self.names.contains(name)
            || PARTS.iter().any(|part| name.contains(part))
    }
}

// === impl Masking ===

impl Masking<'_> {
    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) => self.members(members, None),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::String(text) => self.text(text),
            _ => {}
        }
    }

    /// Masks the members of an object but for one whose name says nothing.
    fn members(&mut self, members: &mut Map<String, Value>, but: Option<&str>) {
        let named = self.names_personal(members);
        let mut is_key = false;
        for (name, value) in members.iter_mut() {
            is_key |= is_address(name);
            self.path.push(plain(name));
            let is_named = || named && self.path.last().is_some_and(|n| NAMED.contains(&&**n));
            let is_personal = self.personal.ends_in(&self.path) || is_named();
            match is_personal && but != Some(name) {
                true => hide(value),
                false => self.value(value),
            }
            self.path.pop();
        }
        if is_key {
            let masked = |(name, value): (String, Value)| match is_address(&name) {
                true => (MASK.to_owned(), value),
                false => (name, value),
            };
            *members = std::mem::take(members).into_iter().map(masked).collect();
        }
    }

    /// True if a member says that another one holds a personal field.
    fn names_personal(&self, members: &Map<String, Value>) -> bool {
        members.iter().any(|(name, value)| {
            let of = value.as_str().unwrap_or_default();
            !of.is_empty() && NAMING.contains(&&*plain(name)) && self.personal.is(of)
        })
    }

    fn text(&mut self, text: &mut String) {
        let is_json = text.trim_start().starts_with(['{', '[']);
        let inner: Option<Value> = is_json.then(|| serde_json::from_str(text).ok()).flatten();
        if let Some(mut inner) = inner {
            self.value(&mut inner);
            *text = inner.to_string();
        } else if has_email(text) || is_json && text.contains('"') && text.contains(':') {
            // Also what is cut off, or nested too deeply, may have had names.
            MASK.clone_into(text);
        } else if let Some((before, _)) = query(text) {
            // Queries of URLs hold what forms held.
            *text = format!("{before}?{MASK}");
        } else if text.contains('=') && !text.contains(char::is_whitespace) {
            let pairs = text.split('&').map(|pair| match pair.split_once('=') {
                Some((name, _)) if self.personal.is(name) => format!("{name}={MASK}"),
                _ => pair.to_owned(),
            });
            *text = pairs.collect::<Vec<_>>().join("&");
        }
    }
}

/// The query of a URL or of a path, or a fragment that is like one, with what is before it.
fn query(text: &str) -> Option<(&str, &str)> {
    let is_url = text.contains("://") || text.starts_with('/');
    let (before, after) = text.split_once(['?', '#']).filter(|_| is_url)?;
    let is_query = text.get(before.len()..)?.starts_with('?') && text.contains("://");
    (is_query || after.contains('=')).then_some((before, after))
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

/// The letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// True if a text holds what looks like an address of an email: something, `@`, and something with a dot. In URLs and forms
/// the mark is written `%40`.
fn has_email(text: &str) -> bool {
    has_address(text, "@") || has_address(text, "%40")
}

/// True if a name may be an address of an email, or its beginning: a column of JSON cuts names at their dots.
fn is_address(name: &str) -> bool {
    let cut = name.split_once('@');
    cut.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
}

fn has_address(text: &str, mark: &str) -> bool {
    let mut parts = text.split(mark);
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
mod tests;
