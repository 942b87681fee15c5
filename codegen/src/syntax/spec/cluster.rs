//! ClickHouse databases, and `cluster: { ... }` of them, as written.

use super::scalars::{Fields, text, word};
use super::{Database, Located};
use crate::base::diagnostic::{Diagnostics, Span};
use crate::model::Ddl;
use crate::syntax::yaml::{Entry, Text, Value};

/// The most shards that can be declared.
const MOST: u64 = 64;

/// `cluster: { name, shards, replicated, ddl, durability }`.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    /// The place of the key.
    pub(crate) span: Span,
    /// `name: NAME`, as `system.clusters` has it.
    pub(crate) name: Option<Text>,
    /// `shards: NUMBER`.
    pub(crate) shards: Option<Located<u64>>,
    /// `replicated: true` or `false`.
    pub(crate) replicated: Option<Located<bool>>,
    /// `ddl: WAY`: who carries statements to the hosts.
    pub(crate) ddl: Option<Located<Ddl>>,
    /// `durability: quorum` (true) or `replica`.
    pub(crate) quorum: Option<Located<bool>>,
}

/// `cluster` of a database.
pub(super) fn cluster(entry: &Entry, out: &mut Diagnostics) -> Option<Cluster> {
    let known = ["name", "shards", "replicated", "ddl", "durability"];
    let fields = Fields::open("`cluster`", entry.key.span, &entry.node, &known, out)?;
    let mut said = |key: &str, words: &[(&str, bool)]| {
        let entry = fields.get(key)?;
        word(&format!("`{key}`"), &entry.node, words, out)
    };
    let replicated = said("replicated", &[("true", true), ("false", false)]);
    let quorum = said("durability", &[("quorum", true), ("replica", false)]);
    let ddl = fields
        .get("ddl")
        .and_then(|entry| word("`ddl`", &entry.node, &Ddl::WORDS, out));
    if ddl.as_ref().is_none_or(|ddl| ddl.value != Ddl::Cloud) {
        fields.require("name", out);
        fields.require("shards", out);
    }
    Some(Cluster {
        span: entry.key.span,
        name: fields.text("name", out),
        shards: fields.count("shards", 1..=MOST, out),
        replicated,
        ddl,
        quorum,
    })
}

/// A database beside the usual one.
pub(super) fn database(entry: &Entry, out: &mut Diagnostics) -> Database {
    let (server, cluster) = match &entry.node.value {
        Value::Map(_) => {
            let what = format!("database `{}`", entry.key.value);
            let known = ["server", "cluster"];
            let fields = Fields::open(what, entry.key.span, &entry.node, &known, out);
            let server = fields.as_ref().and_then(|fields| {
                fields.require("server", out);
                fields.text("server", out)
            });
            let said = fields.as_ref().and_then(|f| f.meant("cluster", out));
            (server, said.and_then(|entry| cluster(entry, out)))
        }
        _ => {
            let what = format!("the server of database `{}`", entry.key.value);
            (text(&what, &entry.node, out), None)
        }
    };
    Database {
        name: entry.key.clone(),
        doc: entry.doc.clone(),
        server,
        cluster,
    }
}
