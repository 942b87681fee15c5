//! Rules about webhooks and JSON messages: headers, signatures, and what has to be in a message.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &ANY_OF,
    &HEADERS_NOT_KEPT,
    &VERIFIED_ONE_WAY,
    &HEADER_NAME,
    &SECRET_VARIABLE,
    &MESSAGE_ID,
    &UNVERIFIED,
    &SIGNED_CONTENT,
    &PROVEN_ONE_WAY,
];

pub(crate) const ANY_OF: Rule = Rule {
    code: "EG131",
    name: "any-of",
    purpose: "`any_of` lists at least two optional fields of a JSON message that is used.",
    text: "The message must have at least one of the fields, not null and not empty text. It is checked at a webhook's \
           intake, which refuses the message, and in a queue's worker, which makes it a dead letter. A field that is \
           always required is declared without `optional`.",
    bad: "messages:\n  webhook.WebengageEvent: { any_of: [userId] }",
    good: "messages:\n  webhook.WebengageEvent: { any_of: [userId, anonymousId] }",
};

pub(crate) const HEADERS_NOT_KEPT: Rule = Rule {
    code: "EG132",
    name: "headers-not-kept",
    purpose: "A routing key uses headers only if the source keeps them.",
    text: "With `headers: true` a webhook keeps the headers of its requests beside their bodies, without those that \
           hold credentials. The value that decided on the route is then available later, too.",
    bad: "graphy: { post: /graphy/event/, routing_key_from: '$headers.event | default(\"none\")', ... }",
    good: "graphy: { post: /graphy/event/, headers: true, routing_key_from: '$headers.event | default(\"none\")', ... }",
};

pub(crate) const VERIFIED_ONE_WAY: Rule = Rule {
    code: "EG133",
    name: "verified-one-way",
    purpose: "`verify` names exactly one authentication scheme.",
    text: "`shopify`, `github`, `slack`, `stripe` and `standard_webhooks` are the signatures that these document; `hmac: \
           VARIABLE` with `header`, `encoding` (hex or base64), `prefix`, `signed` and `timestamp` any HMAC-SHA256; \
           `bearer: VARIABLE` a token, and `basic: VARIABLE` user:password in the Authorization header; `path: \
           VARIABLE` a secret segment behind the source's path.",
    bad: "verify: { header: X-Signature }",
    good: "verify: { hmac: PARTNER_SECRET, header: X-Signature, encoding: hex, prefix: \"sha256=\" }",
};

pub(crate) const HEADER_NAME: Rule = Rule {
    code: "EG134",
    name: "header-name",
    purpose: "A header's name is valid in HTTP and AMQP.",
    text: "Letters, digits, and a few signs such as - . and _; the case doesn't matter. `$headers.\"NAME\"` is one of \
           a message's headers, `$headers` alone are all of them.",
    bad: "columns: { device: '$headers.\"x bb deviceid\"' }",
    good: "columns: { device: '$headers.\"x-bb-deviceid\"' }",
};

pub(crate) const SECRET_VARIABLE: Rule = Rule {
    code: "EG135",
    name: "secret-variable",
    purpose: "A secret comes from an environment variable, whose name is declared.",
    text: "The name holds capital letters, digits and underscores and begins with a letter. To rotate a secret without \
           refusing requests, the old one goes into NAME_PREVIOUS, and both are accepted; NAME_FILE names a file that \
           holds it instead. So a name can't end with _PREVIOUS or _FILE itself.",
    bad: "verify: { bearer: s3cr3t }",
    good: "verify: { bearer: PARTNER_TOKEN }",
};

pub(crate) const MESSAGE_ID: Rule = Rule {
    code: "EG136",
    name: "message-id",
    purpose: "A source declares the identity of its messages, so that a repeated one is stored once, and two that look \
              alike are stored twice.",
    text: "Senders repeat requests without an answer, and only they know if two requests are the same message. `id: { \
           header: NAME }` is for senders that give each message an id in a header; `id: { fields: [body.FIELD, ...] \
           }` for those that identify the message in the body, with the time when it happened: name the sender's own \
           time among the fields, because without it a later message with the same content counts as a repetition; \
           `id: request` for the others: every request is a message of its own, stored as often as it is sent. The id \
           is a hash of the source, the declared value and the body, so that no message replaces another one. A queue \
           of another service's JSON messages has `id: message_id` by default: the AMQP property, or a hash of the \
           body and the index in its list, so that of two equal messages without the property one is stored.",
    bad: "shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop }",
    good: "shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop, id: { header: X-Webhook-Id } }",
};

pub(crate) const UNVERIFIED: Rule = Rule {
    code: "EG137",
    name: "unverified",
    purpose: "A webhook says how its requests prove where they come from, or that anybody may send.",
    text: "Whoever finds the path of a webhook can write into its tables, and have messages forwarded with your keys. So \
           each one says `verify: { … }`, with the signature that its sender documents, or a secret in the path for a \
           sender that only knows a URL. `verify: none` means that everybody may send, which is for networks without \
           strangers. Without its secret a source takes nothing, unless the operator opens it with --unverified.",
    bad: "shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop, id: request }",
    good: "shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop, id: request, verify: { path: SHOP_PATH_SECRET } }",
};

pub(crate) const SIGNED_CONTENT: Rule = Rule {
    code: "EG138",
    name: "signed-content",
    purpose: "`signed` says what a signature is made of: the body once, and the time if there is one.",
    text: "{body} stands for the raw body, {timestamp} for the header of `timestamp` as it is written, and {NAME} for \
           any other header; the text between them is signed as it is. Without `signed` it is {body}, or \
           {timestamp}.{body} with a `timestamp`. A time that isn't signed can be replaced by anybody, so it bounds \
           nothing.",
    bad: "verify: { hmac: SECRET, header: X-Sign, signed: \"{body}\", timestamp: { header: X-Time } }",
    good: "verify: { hmac: SECRET, header: X-Sign, signed: \"v0:{timestamp}:{body}\", timestamp: { header: X-Time, tolerance: 5m } }",
};

pub(crate) const PROVEN_ONE_WAY: Rule = Rule {
    code: "EG139",
    name: "proven-one-way",
    purpose: "The senders of a source prove who they are in one way.",
    text: "`auth: keys` wants a write key or a token of a client in the key file; it is the default of sources of app \
           events. `auth: none` takes events from anybody. A webhook's senders mostly have a scheme of their own, which is \
           `verify`; `auth: keys` is for webhooks that your own clients post to.",
    bad: "shop: { post: /shop/, auth: keys, verify: { shopify: SHOPIFY_SECRET }, ... }",
    good: "shop: { post: /shop/, verify: { shopify: SHOPIFY_SECRET }, ... }",
};
