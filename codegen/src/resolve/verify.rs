//! Resolves the authentication of a webhook's requests.

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::is_header;
use crate::model::{Encoding, Scheme, Verify};
use crate::rules::reading::{CONFLICTING_KEYS, MISSING_KEY};
use crate::rules::webhooks::{HEADER_NAME, SECRET_VARIABLE, VERIFIED_ONE_WAY};
use crate::syntax::spec::{self, Way};
use crate::syntax::yaml::Text;

/// Shopify's header: base64 of HMAC-SHA256 of the body.
const SHOPIFY: &str = "X-Shopify-Hmac-Sha256";

/// Resolves `verify`.
pub(super) fn resolve(written: &spec::Verify, out: &mut Diagnostics) -> Option<Verify> {
    let (way, variable) = match &written.ways[..] {
        [only] => only,
        [] => {
            let message = "`verify` names no scheme";
            out.push(
                Diagnostic::new(&VERIFIED_ONE_WAY, message)
                    .at(written.span, "no way is named")
                    .help("one of `shopify`, `hmac`, `bearer` and `basic` names the variable that holds the secret"),
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
    if way.value != Way::Hmac {
        only_with_hmac(written, way.span, out);
    }
    let scheme = match way.value {
        Way::Bearer => Scheme::Bearer,
        Way::Basic => Scheme::Basic,
        Way::Shopify => Scheme::Hmac {
            header: SHOPIFY.to_owned(),
            encoding: Encoding::Base64,
            prefix: String::new(),
        },
        Way::Hmac => Scheme::Hmac {
            header: header(written, out)?,
            encoding: written.encoding.as_ref().map_or(Encoding::Hex, |e| e.value),
            prefix: text(&written.prefix),
        },
    };
    Some(Verify {
        variable: variable.value.clone(),
        scheme,
    })
}

fn text(text: &Option<Text>) -> String {
    text.as_ref().map(|t| t.value.clone()).unwrap_or_default()
}

fn header(written: &spec::Verify, out: &mut Diagnostics) -> Option<String> {
    let Some(header) = &written.header else {
        let message = "`hmac` needs the `header` that holds the signature";
        out.push(Diagnostic::new(&MISSING_KEY, message).at(written.span, "no `header` here"));
        return None;
    };
    if !is_header(&header.value) {
        let message = format!("`{}` is not a valid header name", header.value);
        out.push(
            Diagnostic::new(&HEADER_NAME, message)
                .at(header.span, "not a name")
                .help("a name holds letters, digits and -._"),
        );
    }
    Some(header.value.clone())
}

/// Reports what belongs to `hmac` beside another way.
fn only_with_hmac(written: &spec::Verify, way: Span, out: &mut Diagnostics) {
    let keys = [
        ("header", written.header.as_ref().map(|t| t.span)),
        ("encoding", written.encoding.as_ref().map(|e| e.span)),
        ("prefix", written.prefix.as_ref().map(|t| t.span)),
    ];
    for (key, span) in keys {
        if let Some(span) = span {
            let message = format!("only `hmac` has `{key}`");
            out.push(
                Diagnostic::new(&CONFLICTING_KEYS, message)
                    .at(span, format!("`{key}` here"))
                    .and(Some(way), "verified this way"),
            );
        }
    }
}

/// A secret must not get into the file by mistake, and its predecessor has a name of its own.
fn variable(name: &Text, out: &mut Diagnostics) {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let text = &name.value;
    let good = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(plain)
        && text.len() <= 64
        && !text.ends_with("_PREVIOUS");
    if !good {
        let message = "this is not the name of a variable that holds a secret";
        out.push(
            Diagnostic::new(&SECRET_VARIABLE, message)
                .at(name.span, "not a name")
                .help("name an environment variable such as SHOPIFY_WEBHOOK_SECRET; the secret itself stays out of the file"),
        );
    }
}
