//! Resolves the authentication of a webhook's requests.

mod signature;

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::{Auth, Scheme, Verify};
use crate::rules::names::PATH_COLLISION;
use crate::rules::reading::CONFLICTING_KEYS;
use crate::rules::webhooks::{SECRET_VARIABLE, UNVERIFIED, VERIFIED_ONE_WAY};
use crate::syntax::spec::{self, Way};
use crate::syntax::yaml::Text;

/// Resolves `verify` of a webhook, which has to say something: none for `verify: none`. What is wrong is reported.
pub(super) fn of_source(source: &spec::Source, out: &mut Diagnostics) -> Option<Option<Verify>> {
    let Some(written) = &source.verify else {
        if must_be_said(source) {
            out.push(missing(&source.name));
        }
        return Some(None);
    };
    if written.none {
        return Some(None);
    }
    let verify = resolve(written, out)?;
    if let (Scheme::Path, Some(post)) = (&verify.scheme, &source.post)
        && post.value.trim_end_matches('/').is_empty()
    {
        let message = "a secret can't be the first segment of a path";
        out.push(
            Diagnostic::new(&PATH_COLLISION, message)
                .at(post.span, "nothing stands before the secret")
                .and(Some(written.span), "in the path")
                .help("give the source a path of its own, such as /shop/event/: the log shows paths up to their first segment"),
        );
    }
    Some(Some(verify))
}

/// True if a source has to say how its requests prove where they come from.
fn must_be_said(source: &spec::Source) -> bool {
    let by_key = source.auth.as_ref().map(|auth| auth.value) == Some(Auth::Keys);
    source.post.is_some() && !by_key
}

fn missing(name: &Text) -> Diagnostic {
    let message = format!(
        "source `{}` doesn't say how its requests prove where they come from",
        name.value
    );
    let help = "`verify: { hmac: VARIABLE, header: NAME }`, or another signature, where the sender signs; `verify: { path: \
                VARIABLE }` for a sender that only knows a URL; `auth: keys` for clients of your own; `verify: none` if anybody may send";
    Diagnostic::new(&UNVERIFIED, message)
        .at(name.span, "has no `verify`")
        .help(help)
}

fn resolve(written: &spec::Verify, out: &mut Diagnostics) -> Option<Verify> {
    let (way, variable) = match written.ways.as_deref()? {
        [only] => only,
        [] => {
            let message = "`verify` names no scheme";
            out.push(
                Diagnostic::new(&VERIFIED_ONE_WAY, message)
                    .at(written.span, "no way is named")
                    .help("one of `shopify`, `github`, `slack`, `stripe`, `standard_webhooks`, `hmac`, `bearer`, `basic` and `path` names the variable that holds the secret; or `verify: none`"),
            );
            return None;
        }
        [(one, _), (other, _), ..] => {
            let message = "`verify` must name exactly one scheme";
            out.push(
                Diagnostic::new(&VERIFIED_ONE_WAY, message)
                    .at(other.span, "another way")
                    .and(Some(one.span), "one way"),
            );
            return None;
        }
    };
    self::variable(variable, out);
    fitting(written, way.value, way.span, out);
    let scheme = match way.value {
        Way::Bearer => Scheme::Bearer,
        Way::Basic => Scheme::Basic,
        Way::Path => Scheme::Path,
        way => Scheme::Hmac(Box::new(signature::resolve(written, way, out)?)),
    };
    Some(Verify {
        variable: variable.value.clone(),
        scheme,
    })
}

/// Reports keys that don't belong to a way.
fn fitting(written: &spec::Verify, way: Way, place: Span, out: &mut Diagnostics) {
    let timestamp = written.timestamp.as_ref();
    let keys = [
        ("header", written.header.as_ref().map(|t| t.span)),
        ("encoding", written.encoding.as_ref().map(|e| e.span)),
        ("prefix", written.prefix.as_ref().map(|t| t.span)),
        ("signed", written.signed.as_ref().map(|t| t.span)),
        ("timestamp", timestamp.map(|t| t.span)),
    ];
    let timed = matches!(way, Way::Slack | Way::Stripe | Way::StandardWebhooks);
    for (key, span) in keys {
        let fits = way == Way::Hmac || timed && key == "timestamp";
        if let (Some(span), false) = (span, fits) {
            let message = format!("only `hmac` has `{key}`");
            out.push(
                Diagnostic::new(&CONFLICTING_KEYS, message)
                    .at(span, format!("`{key}` here"))
                    .and(Some(place), "verified this way"),
            );
        }
    }
    if let (true, Some(header)) = (timed, timestamp.and_then(|t| t.header.as_ref())) {
        let message = "the time of this signature has its place already";
        out.push(
            Diagnostic::new(&CONFLICTING_KEYS, message)
                .at(header.span, "`header` here")
                .and(Some(place), "verified this way")
                .help("only `tolerance` can be given"),
        );
    }
}

/// A secret must not get into the file by mistake, and its predecessor and its file have names of their own.
fn variable(name: &Text, out: &mut Diagnostics) {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let text = &name.value;
    let good = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(plain)
        && text.len() <= 64
        && !["_PREVIOUS", "_FILE"].iter().any(|end| text.ends_with(end));
    if !good {
        let message = "this is not the name of a variable that holds a secret";
        out.push(
            Diagnostic::new(&SECRET_VARIABLE, message)
                .at(name.span, "not a name")
                .help("name an environment variable such as SHOPIFY_WEBHOOK_SECRET; the secret itself stays out of the file"),
        );
    }
}
