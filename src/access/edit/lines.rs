//! Lines of a key file, to which others are added where they belong.

use super::super::written::{Moment, Use, WrittenCertificate, WrittenClient, WrittenKey};

/// Head of a new file.
const HEAD: &str = "# Who may send events: docs/keys.md. Keys are added and revoked by `event-grpc keys`; the rest is yours.\nclients:\n";

/// Words that YAML doesn't take for text.
const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// Item of one of a client's lists, as YAML.
pub(super) struct Item {
    /// The list: `keys` or `certificates`.
    list: &'static str,
    /// Its fields, as lines.
    fields: Vec<String>,
}

/// Lines of a key file.
pub(super) struct Lines(Vec<String>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let text = match text.trim().is_empty() {
            true => HEAD,
            false => text,
        };
        Lines(text.lines().map(str::to_owned).collect())
    }

    pub(super) fn text(self) -> String {
        let mut text = self.0.join("\n");
        text.push('\n');
        text
    }

    /// Adds a client at the end: nothing comes after the clients.
    pub(super) fn add_client(&mut self, client: String) {
        if let Some(line) = self
            .0
            .iter_mut()
            .find(|line| line.trim_end() == "clients: {}")
        {
            "clients:".clone_into(line);
        }
        if !self.0.iter().any(|line| line.starts_with("clients:")) {
            self.0.push("clients:".to_owned());
        }
        let shift = self.clients().map_or(2, |(_, indent)| indent);
        self.0.extend(client.lines().map(|line| {
            let rest = line.strip_prefix("  ").unwrap_or(line);
            format!("{}{rest}", " ".repeat(shift))
        }));
    }

    /// Adds an item to a client that is there.
    pub(super) fn add_item(&mut self, client: &str, item: &Item) {
        let head = format!("{}:", item.list);
        let Some((start, indent)) = self.client(client) else {
            return;
        };
        let block = self.block(start, |at| at > indent);
        let field = block.clone().find(|at| self.is_content(*at));
        let Some(fields) = field.map(|at| self.indent(at)) else {
            return;
        };
        let list = block.clone().find(|at| {
            let is_field = self.is_content(*at) && self.indent(*at) == fields;
            is_field && self.line(*at).trim_start().starts_with(&head)
        });
        let Some(list) = list else {
            let at = self.last(block).unwrap_or(start) + 1;
            self.0.insert(at, format!("{}{head}", " ".repeat(fields)));
            return self.insert(at + 1, &item.text(fields + 2));
        };
        if self.line(list).trim() == format!("{head} []")
            && let Some(line) = self.0.get_mut(list)
        {
            *line = format!("{}{head}", " ".repeat(fields));
        }
        let items = list + 1..block.end;
        let first = items.clone().find(|at| self.is_content(*at));
        let first = first.filter(|at| self.line(*at).trim_start().starts_with("- "));
        let shift = first.map_or(fields + 2, |at| self.indent(at));
        let is_item = |at: usize| {
            let indent = self.indent(at);
            indent > shift || (indent == shift && self.line(at).trim_start().starts_with("- "))
        };
        let end = items
            .clone()
            .find(|at| self.is_content(*at) && !is_item(*at));
        let at = self
            .last(items.start..end.unwrap_or(items.end))
            .unwrap_or(list)
            + 1;
        self.insert(at, &item.text(shift));
    }

    /// Adds when it was revoked to the item with this value in a field.
    pub(super) fn revoke(&mut self, field: &str, value: &str, at: Moment) {
        let forms = ["", "\"", "'"].map(|quote| format!("{field}: {quote}{value}{quote}"));
        let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', ',', '}']);
        for (number, line) in self.0.iter_mut().enumerate() {
            let found = forms.iter().find_map(|form| {
                let place = line.find(form.as_str())?;
                let rest = line.get(place + form.len()..)?;
                ends(rest).then_some((place, form))
            });
            let Some((place, form)) = found.filter(|_| !line.trim_start().starts_with('#')) else {
                continue;
            };
            if line.get(..place).is_some_and(|before| before.contains('{')) {
                *line = line.replacen(form.as_str(), &format!("{form}, revoked: {at}"), 1);
            } else {
                self.0
                    .insert(number + 1, format!("{}revoked: {at}", " ".repeat(place)));
            }
            return;
        }
    }

    /// Place of the clients, and how far each of them is indented.
    fn clients(&self) -> Option<(usize, usize)> {
        let start = self
            .0
            .iter()
            .position(|line| line.starts_with("clients:"))?;
        let first = (start + 1..self.0.len()).find(|at| self.is_content(*at))?;
        Some((start, self.indent(first)))
    }

    /// Place of a client, and how far it is indented.
    fn client(&self, name: &str) -> Option<(usize, usize)> {
        let (start, indent) = self.clients()?;
        let heads = [
            format!("{name}:"),
            format!("\"{name}\":"),
            format!("'{name}':"),
        ];
        let is_head = |at: &usize| {
            let line = self.line(*at).trim_start();
            let rest = heads
                .iter()
                .find_map(|head| line.strip_prefix(head.as_str()));
            rest.is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
        };
        let mut lines = (start + 1..self.0.len()).filter(|at| self.indent(*at) == indent);
        lines.find(is_head).map(|at| (at, indent))
    }

    /// The lines after one of them, as long as their indentation is this.
    fn block(&self, start: usize, belongs: impl Fn(usize) -> bool) -> std::ops::Range<usize> {
        let mut after = start + 1..self.0.len();
        let end = after.find(|at| self.is_content(*at) && !belongs(self.indent(*at)));
        start + 1..end.unwrap_or(self.0.len())
    }

    /// The last line of some that isn't empty and no comment.
    fn last(&self, lines: std::ops::Range<usize>) -> Option<usize> {
        lines.rev().find(|at| self.is_content(*at))
    }

    fn insert(&mut self, at: usize, text: &str) {
        let at = at.min(self.0.len());
        self.0.splice(at..at, text.lines().map(str::to_owned));
    }

    fn line(&self, at: usize) -> &str {
        self.0.get(at).map_or("", String::as_str)
    }

    fn indent(&self, at: usize) -> usize {
        let line = self.line(at);
        line.len() - line.trim_start_matches(' ').len()
    }

    fn is_content(&self, at: usize) -> bool {
        let line = self.line(at).trim_start();
        !line.is_empty() && !line.starts_with('#')
    }
}

/// A client with one item as YAML, indented so far.
pub(super) fn client_text(
    name: &str,
    client: &WrittenClient,
    item: &Item,
    indent: usize,
) -> String {
    let is_plain =
        name.starts_with(|first: char| first.is_ascii_lowercase()) && !WORDS.contains(&name);
    let mut lines = vec![match is_plain {
        true => format!("{name}:"),
        false => format!("\"{name}\":"),
    }];
    if client.purpose == Use::Public {
        lines.push("  use: public".to_owned());
    }
    for (field, list) in [
        ("sources", &client.sources),
        ("types", &client.types),
        ("origins", &client.origins),
    ] {
        if let Some(list) = list {
            let quoted: Vec<String> = list.iter().map(|one| format!("{one:?}")).collect();
            lines.push(format!("  {field}: [{}]", quoted.join(", ")));
        }
    }
    let rate = client.rate;
    let numbers = [
        ("events", rate.events),
        ("events_at_once", rate.events_at_once),
        ("bytes", rate.bytes.map(|size| size.0)),
        ("bytes_at_once", rate.bytes_at_once.map(|size| size.0)),
    ];
    let numbers = numbers
        .into_iter()
        .filter_map(|(name, number)| Some(format!("{name}: {}", number?)));
    let numbers: Vec<String> = numbers.collect();
    if !numbers.is_empty() {
        lines.push(format!("  rate: {{ {} }}", numbers.join(", ")));
    }
    if let Some(expires) = client.expires {
        lines.push(format!("  expires: {expires}"));
    }
    lines.push(format!("  {}:", item.list));
    format!("{}\n{}", indented(&lines, indent), item.text(indent + 4))
}

impl Item {
    /// A key.
    pub(super) fn of_key(key: &WrittenKey) -> Self {
        let mut fields = vec![
            format!("id: {}", key.id),
            format!("sha256: \"{}\"", key.sha256),
        ];
        fields.extend(times(key.created, key.expires, key.revoked));
        Item {
            list: "keys",
            fields,
        }
    }

    /// A certificate.
    pub(super) fn of_certificate(certificate: &WrittenCertificate) -> Self {
        let WrittenCertificate { sha256, name, .. } = certificate;
        let named = [("sha256", sha256), ("name", name)];
        let named = named
            .into_iter()
            .filter_map(|(field, value)| Some(format!("{field}: {:?}", value.as_ref()?)));
        let mut fields: Vec<String> = named.collect();
        let (created, expires) = (certificate.created, certificate.expires);
        fields.extend(times(created, expires, certificate.revoked));
        Item {
            list: "certificates",
            fields,
        }
    }

    /// Its text as part of a YAML list, indented so far.
    pub(super) fn text(&self, indent: usize) -> String {
        let begun = std::iter::once("- ").chain(std::iter::repeat("  "));
        let lines = begun
            .zip(&self.fields)
            .map(|(begin, field)| format!("{begin}{field}"));
        indented(&lines.collect::<Vec<_>>(), indent)
    }
}

fn times(
    created: Option<Moment>,
    expires: Option<Moment>,
    revoked: Option<Moment>,
) -> impl Iterator<Item = String> {
    let all = [
        ("created", created),
        ("expires", expires),
        ("revoked", revoked),
    ];
    all.into_iter()
        .filter_map(|(field, time)| Some(format!("{field}: {}", time?)))
}

fn indented(lines: &[String], indent: usize) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{}{line}", " ".repeat(indent)))
        .collect();
    lines.join("\n")
}
