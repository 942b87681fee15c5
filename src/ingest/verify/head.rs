//! Head of a request: the headers that a proof is in.

use http::{HeaderMap, header};

/// The request doesn't prove its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproved;

/// Value of a header that occurs exactly once.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Unproved> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Unproved),
        _ => Err(Unproved),
    }
}

/// Credentials that follow the scheme in `Authorization`.
pub(super) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<&'a str, Unproved> {
    let text = single(headers, header::AUTHORIZATION.as_str())?;
    let (name, credentials) = text.trim().split_once(' ').ok_or(Unproved)?;
    match name.eq_ignore_ascii_case(scheme) {
        true => Ok(credentials.trim_start()),
        false => Err(Unproved),
    }
}
