//! Signatures of requests: those that their makers document, and any HMAC-SHA256 in a header.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::is_header;
use crate::model::{Encoding, SecretForm, Signature, SignatureForm, Signed, SignedTime};
use crate::rules::reading::MISSING_KEY;
use crate::rules::webhooks::{HEADER_NAME, SIGNED_CONTENT};
use crate::syntax::spec::{self, Way};
use crate::syntax::yaml::Text;

/// How far a signed time may be from the server's clock, unless declared, in milliseconds. It is what Slack, Stripe and
/// Standard Webhooks recommend.
const TOLERANCE_MS: u64 = 300_000;

/// Resolves the signature that a way stands for.
pub(super) fn resolve(
    written: &spec::Verify,
    way: Way,
    out: &mut Diagnostics,
) -> Option<Signature> {
    let tolerance = written
        .timestamp
        .as_ref()
        .and_then(|t| t.tolerance.as_ref());
    let tolerance_ms = tolerance.map_or(TOLERANCE_MS, |t| t.value);
    let of_body = |header: &str, encoding, prefix: &str| Signature {
        header: header.to_owned(),
        encoding,
        prefix: prefix.to_owned(),
        form: SignatureForm::One,
        secret: SecretForm::Text,
        signed: vec![Signed::Body],
        time: None,
    };
    let text = |text: &str| Signed::Text(text.to_owned());
    let time = |header: Option<&str>| {
        Some(SignedTime {
            header: header.map(str::to_owned),
            tolerance_ms,
        })
    };
    Some(match way {
        // https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
        Way::Shopify => of_body("X-Shopify-Hmac-Sha256", Encoding::Base64, ""),
        // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        Way::GitHub => of_body("X-Hub-Signature-256", Encoding::Hex, "sha256="),
        // https://docs.slack.dev/authentication/verifying-requests-from-slack
        Way::Slack => Signature {
            signed: vec![text("v0:"), Signed::Time, text(":"), Signed::Body],
            time: time(Some("X-Slack-Request-Timestamp")),
            ..of_body("X-Slack-Signature", Encoding::Hex, "v0=")
        },
        // https://docs.stripe.com/webhooks/signature
        Way::Stripe => Signature {
            form: SignatureForm::Pairs,
            signed: vec![Signed::Time, text("."), Signed::Body],
            time: time(None),
            ..of_body("Stripe-Signature", Encoding::Hex, "v1=")
        },
        // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
        Way::StandardWebhooks => Signature {
            form: SignatureForm::Spaced,
            secret: SecretForm::Base64,
            signed: vec![
                Signed::Header("webhook-id".to_owned()),
                text("."),
                Signed::Time,
                text("."),
                Signed::Body,
            ],
            time: time(Some("webhook-timestamp")),
            ..of_body("webhook-signature", Encoding::Base64, "v1,")
        },
        Way::Hmac | Way::Bearer | Way::Basic | Way::Path => Signature {
            signed: signed(written, out)?,
            time: match &written.timestamp {
                None => None,
                Some(timestamp) => {
                    let said = timestamp.header.as_ref();
                    let header = header("`timestamp`", said, timestamp.span, out)?;
                    time(Some(&header))
                }
            },
            ..of_body(
                &header("`hmac`", written.header.as_ref(), written.span, out)?,
                written.encoding.as_ref().map_or(Encoding::Hex, |e| e.value),
                written.prefix.as_ref().map_or("", |t| t.value.as_str()),
            )
        },
    })
}

fn header(
    what: &str,
    written: Option<&Text>,
    place: crate::base::diagnostic::Span,
    out: &mut Diagnostics,
) -> Option<String> {
    let Some(header) = written else {
        let holds = match what {
            "`hmac`" => "the signature",
            _ => "the time",
        };
        let message = format!("{what} needs the `header` that holds {holds}");
        out.push(Diagnostic::new(&MISSING_KEY, message).at(place, "no `header` here"));
        return None;
    };
    if !is_header(&header.value) {
        out.push(not_a_header(&header.value, header));
    }
    Some(header.value.clone())
}

fn not_a_header(name: &str, place: &Text) -> Diagnostic {
    let message = format!("`{name}` is not a valid header name");
    Diagnostic::new(&HEADER_NAME, message)
        .at(place.span, "not a name")
        .help("a name holds letters, digits and -._")
}

/// Pieces of `signed`; without it the body, behind the time if there is one.
fn signed(written: &spec::Verify, out: &mut Diagnostics) -> Option<Vec<Signed>> {
    let Some(said) = &written.signed else {
        return Some(match written.timestamp {
            None => vec![Signed::Body],
            Some(_) => vec![Signed::Time, Signed::Text(".".to_owned()), Signed::Body],
        });
    };
    let pieces = pieces(said, out)?;
    let count = |piece: &Signed| pieces.iter().filter(|p| *p == piece).count();
    let mut wrong = |text: &str, label: &str| {
        let found = Diagnostic::new(&SIGNED_CONTENT, text).at(said.span, label);
        out.push(found.help("for example \"v0:{timestamp}:{body}\""));
    };
    if count(&Signed::Body) != 1 {
        wrong("`signed` must hold {body}, once", "{body} isn't there once");
    }
    match (count(&Signed::Time), written.timestamp.is_some()) {
        (0, true) => wrong(
            "the `timestamp` must be signed, or anybody can write another one",
            "{timestamp} isn't there",
        ),
        (1.., false) => wrong(
            "`signed` holds {timestamp}, and no `timestamp` is declared",
            "whose header isn't declared",
        ),
        _ => {}
    }
    Some(pieces)
}

/// Texts, and `{body}`, `{timestamp}` and `{HEADER}` between them.
fn pieces(said: &Text, out: &mut Diagnostics) -> Option<Vec<Signed>> {
    let mut pieces = Vec::new();
    let mut rest = said.value.as_str();
    while let Some((text, behind)) = rest.split_once('{') {
        if !text.is_empty() {
            pieces.push(Signed::Text(text.to_owned()));
        }
        let Some((name, behind)) = behind.split_once('}') else {
            let message = "a `{` of `signed` has no `}`";
            out.push(Diagnostic::new(&SIGNED_CONTENT, message).at(said.span, "not closed"));
            return None;
        };
        pieces.push(match name {
            "body" => Signed::Body,
            "timestamp" => Signed::Time,
            name => {
                if !is_header(name) {
                    out.push(not_a_header(name, said));
                }
                Signed::Header(name.to_owned())
            }
        });
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Signed::Text(rest.to_owned()));
    }
    Some(pieces)
}
