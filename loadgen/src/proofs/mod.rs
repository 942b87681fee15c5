//! `loadgen proofs`: certificates, write keys and a token of operations, in a folder that a server under test reads.
//!
//! | file | |
//! | --- | --- |
//! | `ca.pem` | the authority of all good certificates |
//! | `server.pem`, `server.key` | a server on this machine |
//! | `NAME.pem`, `NAME.key` | certificates of clients: `client`, and those that nobody should take |
//! | `keys.yaml` | the server's key file |
//! | `keys/NAME` | write keys |
//! | `ops-token` | the token of operations |

mod certificates;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use event_grpc::access;
use event_grpc::tls::client::Tls;
use event_grpc::tls::{Names, Options};

use certificates::Authority;

/// Make certificates, write keys and a token of operations for a server under test.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder, which is made if it isn't there.
    folder: PathBuf,
}

/// Environment of the keys, by which they are told from all others.
pub(crate) const ENVIRONMENT: &str = "siege";

/// Clients of the key file, and what they may: each has a key of its name.
const CLIENTS: [(&str, &str); 7] = [
    // For the good load, and for whoever is a client and sends what is hostile.
    ("load", ""),
    ("siege", ""),
    ("elsewhere", "    sources: [shopify]\n"),
    ("typed", "    types: [AddToCartEvent]\n"),
    (
        "page",
        "    use: public\n    origins: [\"https://shop.example\"]\n",
    ),
    ("ended", "    expires: 2020-01-01\n"),
    (
        "limited",
        "    rate: { events: 1, events_at_once: 4, bytes: 1MiB, bytes_at_once: 4MiB }\n",
    ),
];

/// Keys of the client `siege` that are good no more.
const FORMER: [(&str, &str); 2] = [
    ("revoked", "        revoked: 2021-01-01T00:00:00Z\n"),
    ("expired", "        expires: 2021-01-01\n"),
];

/// Certificate that a client shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// A good one.
    Client,
    /// One of the right authority that is too old.
    Expired,
    /// One of another authority, which has the same name.
    Foreign,
    /// One that nobody signed.
    SelfSigned,
    /// One of a server.
    Server,
}

impl Certificate {
    fn file(self) -> &'static str {
        match self {
            Certificate::Client => "client",
            Certificate::Expired => "expired",
            Certificate::Foreign => "foreign",
            Certificate::SelfSigned => "self-signed",
            Certificate::Server => "server",
        }
    }
}

/// What the folder holds.
#[derive(Debug, Clone)]
pub(crate) struct Proofs {
    folder: PathBuf,
    /// Token of operations.
    pub(crate) token: String,
}

const NAMES: Names = Names {
    ca: "ca.pem",
    certificate: "the certificate and its key",
    server_name: "ask it by an address of this machine",
};

/// Makes all of it.
pub(crate) fn make(args: &Args) -> anyhow::Result<bool> {
    let folder = &args.folder;
    fs::create_dir_all(folder.join("keys"))?;
    let authority = Authority::new()?;
    write(&folder.join("ca.pem"), authority.pem())?;
    let pairs = [
        (Certificate::Server, authority.server()?),
        (Certificate::Client, authority.client(4000)?),
        (Certificate::Expired, authority.client(2020)?),
        (Certificate::Foreign, Authority::new()?.client(4000)?),
        (Certificate::SelfSigned, certificates::self_signed()?),
    ];
    for (certificate, pair) in pairs {
        let name = certificate.file();
        write(&folder.join(format!("{name}.pem")), &pair.certificate)?;
        write(&folder.join(format!("{name}.key")), &pair.key)?;
    }
    let mut file = "clients:\n".to_owned();
    for (client, may) in CLIENTS {
        file.push_str(&format!("  {client}:\n{may}    keys:\n"));
        file.push_str(&entry(folder, client, "")?);
        if client == "siege" {
            for (name, since) in FORMER {
                file.push_str(&entry(folder, name, since)?);
            }
        }
    }
    write(&folder.join("keys.yaml"), &file)?;
    let token = access::make(ENVIRONMENT).text;
    write(&folder.join("ops-token"), &token)?;
    Ok(true)
}

/// Makes a key; its entry in the key file.
fn entry(folder: &Path, name: &str, more: &str) -> anyhow::Result<String> {
    let made = access::make(ENVIRONMENT);
    write(&folder.join("keys").join(name), &made.text)?;
    let digest = access::edit::digest(&made.text);
    Ok(format!(
        "      - id: {}\n        sha256: \"{digest}\"\n{more}",
        made.id
    ))
}

/// Writes a file for the user alone.
fn write(path: &Path, content: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(content.as_bytes()));
    written.with_context(|| format!("{} can't be written", path.display()))
}

impl Proofs {
    /// Reads a folder.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("ops-token");
        let token = fs::read_to_string(&path);
        let token = token.with_context(|| format!("{} can't be read", path.display()))?;
        Ok(Proofs {
            folder: folder.to_owned(),
            token,
        })
    }

    /// Key with this name; empty if there is none.
    pub(crate) fn key(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join("keys").join(name)).unwrap_or_default()
    }

    /// TLS of a client that shows this certificate.
    pub(crate) fn tls(&self, certificate: Option<Certificate>) -> Tls {
        let file = |ending: &str| {
            certificate.map(|shown| self.folder.join(format!("{}.{ending}", shown.file())))
        };
        Tls::new(Options {
            ca: Some(self.folder.join("ca.pem")),
            certificate: file("pem"),
            key: file("key"),
            ..Options::new(&NAMES)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let args = Args {
            folder: folder.path().to_owned(),
        };
        assert!(make(&args).unwrap());
        let proofs = Proofs::read(folder.path()).unwrap();
        assert!(proofs.token.len() > 16);
        let text = fs::read_to_string(folder.path().join("keys.yaml")).unwrap();
        let written = access::read(&text).unwrap();
        assert_eq!(written.clients.len(), CLIENTS.len());
        for (name, _) in CLIENTS.iter().chain(&FORMER) {
            assert!(!proofs.key(name).is_empty(), "{name}");
        }
        for certificate in [
            None,
            Some(Certificate::Client),
            Some(Certificate::Expired),
            Some(Certificate::Foreign),
            Some(Certificate::SelfSigned),
            Some(Certificate::Server),
        ] {
            assert!(proofs.tls(certificate).config().is_ok(), "{certificate:?}");
        }
    }
}
