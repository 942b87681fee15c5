//! TLS options in the query of an AMQP URL, by the names that RabbitMQ's own clients give them.

use std::path::PathBuf;

use url::Url;

use crate::tls::{self, Names, Options};

/// What they are called.
const NAMES: Names = Names {
    ca: "cacertfile in the AMQP URL",
    certificate: "certfile and keyfile in the AMQP URL",
    server_name: "connect by one of its names, or set server_name_indication in the AMQP URL",
};

/// Options of a URL, and whether it has any. What is meant for other clients is ignored; what would be less safe than
/// it looks is an error.
pub(super) fn options(url: &str) -> Result<(Options, bool), &'static str> {
    let mut options = Options::new(&NAMES);
    let mut any = false;
    // Whoever calls this has read the URL already.
    let url = Url::parse(url).map_err(|_| "it can't be read")?;
    for (name, value) in url.query_pairs() {
        let file = || Some(PathBuf::from(value.as_ref()));
        match (name.as_ref(), value.as_ref()) {
            ("cacertfile", _) => options.ca = file(),
            ("certfile", _) => options.certificate = file(),
            ("keyfile", _) => options.key = file(),
            ("server_name_indication", "" | "disable") => {
                return Err(
                    "server_name_indication is not a name that the broker's certificate can have",
                );
            }
            ("server_name_indication", name) => options.server_name = Some(name.to_owned()),
            ("verify", "verify_peer") => {}
            ("verify", _) => {
                return Err(
                    "the broker's certificate is always verified (verify=verify_peer); for an authority of your own set \
                     cacertfile",
                );
            }
            ("password", _) => {
                return Err("the key in keyfile must be one without a password");
            }
            _ => continue,
        }
        any = true;
    }
    Ok((options, any))
}

/// Why a connection over TLS couldn't be made, if TLS is the reason.
pub(super) fn refusal(error: &lapin::Error) -> Option<String> {
    tls::refusal(error, &NAMES).or_else(|| tls::silent_end(error, &NAMES))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

    use std::path::Path;

    use super::*;

    #[test]
    fn the_options_have_the_names_of_rabbitmq() {
        let (options, any) = options(
            "amqps://h/?cacertfile=%2Fetc%2Fca.pem&certfile=/c.pem&keyfile=/k.pem&verify=verify_peer\
             &server_name_indication=mq.example&depth=3",
        )
        .unwrap();
        assert!(any);
        assert_eq!(options.ca.as_deref(), Some(Path::new("/etc/ca.pem")));
        assert_eq!(options.certificate.as_deref(), Some(Path::new("/c.pem")));
        assert_eq!(options.key.as_deref(), Some(Path::new("/k.pem")));
        assert_eq!(options.server_name.as_deref(), Some("mq.example"));
        let (none, any) = super::options("amqp://h/%2f?heartbeat=5").unwrap();
        assert_eq!((none, any), (Options::new(&NAMES), false));
    }
}
