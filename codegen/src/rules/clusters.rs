//! Rules about ClickHouse clusters.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&CLUSTER, &SHARD_KEY];

pub(crate) const CLUSTER: Rule = Rule {
    code: "EG194",
    name: "cluster",
    purpose: "What is said of a cluster fits together.",
    text: "A quorum is one of replicas, and a Replicated database has replicas only. ClickHouse Cloud divides nothing and \
           tells nobody its replicas, so that `ddl: cloud` stands alone. The tables of a cluster have names of their own, \
           `TABLE_local`, and what a shard doesn't take waits in `QUEUE.shard1` and so on: no other table or queue is called \
           so.",
    bad: "cluster: { name: events, shards: 2, replicated: false, durability: quorum }",
    good: "cluster: { name: events, shards: 2, durability: quorum }",
};

pub(crate) const SHARD_KEY: Rule = Rule {
    code: "EG195",
    name: "shard-key",
    purpose: "The shard of a row depends on what its sender sent, and on the sorting key only.",
    text: "FINAL makes one row of those that have one key and are on one shard. The shard is a hash of the columns of \
           `shard_by`, by default of the id, and of the whole key in a table with `replaces: true`: texts and whole numbers, \
           which ClickHouse and the server hash alike. What the server's clock makes would put a row that is sent again on \
           another shard.",
    bad: "order_by: [event_name, sent_timestamp, event_id]\nshard_by: [insert_timestamp]",
    good: "order_by: [event_name, sent_timestamp, event_id]\nshard_by: [event_id]",
};
