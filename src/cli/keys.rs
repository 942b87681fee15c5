//! `event-grpc keys`: makes, lists and revokes write keys and client certificates in a key file, which a running server
//! reads again.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use comfy_table::{Table, presets};

use super::{one_line, say};
use crate::access::edit::{self, EditError};
use crate::access::{self, Moment, Use, Written, WrittenCertificate, WrittenClient, WrittenKey};
use crate::client::{Client, LONGEST_NAME};
use crate::generated::PIPELINE;
use crate::tls::first_certificate;

/// Make, list and revoke the write keys and client certificates of a key file. A server that uses the file follows within seconds.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The key file.
    #[arg(
        long,
        global = true,
        env = "EVENT_GRPC_KEYS",
        default_value = "keys.yaml",
        value_name = "FILE"
    )]
    keys: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    New(Box<New>),
    Certificate(Box<Certificate>),
    List(List),
    Revoke(Revoke),
}

/// Make a key for a client and print it, once: the file holds its SHA-256 only. The client is added if it isn't there.
#[derive(Debug, clap::Args)]
struct New {
    /// Name of the client, which stays when its keys change: lower-case letters, digits, - _ and .
    client: String,
    /// Environment in the key's text, so that people tell keys apart.
    #[arg(long, default_value = "live", value_name = "NAME")]
    env: String,
    /// When the key expires: a time or a day, as in 2027-01-31.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Add a client certificate to a client, which proves by it who it is, without a key. The client is added if it isn't there.
#[derive(Debug, clap::Args)]
struct Certificate {
    /// Name of the client.
    client: String,
    /// PEM file of the certificate; the first one in it counts.
    #[arg(required_unless_present = "name", conflicts_with = "name")]
    file: Option<PathBuf>,
    /// Every certificate of this name that an authority of --tls-client-ca signs, in place of a single certificate.
    #[arg(long)]
    name: Option<String>,
    /// When it is taken no more, whatever the certificate says: a time or a day, as in 2027-01-31.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// What a new client may do.
#[derive(Debug, clap::Args)]
struct Settings {
    /// A new client whose keys stand in pages and apps, where everybody can read them.
    #[arg(long)]
    public: bool,
    /// A source that a new client may send to; all of those with `auth: keys` if none is given.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// A type of app events that a new client may send; all if none is given.
    #[arg(long = "type", value_name = "NAME")]
    types: Vec<String>,
    /// An origin of pages that a new client may send from, as in https://shop.example.
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Events that a new client may send a second.
    #[arg(long, value_name = "COUNT")]
    events_per_second: Option<u64>,
    /// Bytes that a new client may send a second.
    #[arg(long, value_name = "BYTES")]
    bytes_per_second: Option<u64>,
}

/// List clients, keys and certificates.
#[derive(Debug, clap::Args)]
struct List {}

/// Revoke a key, by the id in the middle of its text, or a certificate.
#[derive(Debug, clap::Args)]
struct Revoke {
    /// The key's id; or the certificate's name, its SHA-256, or the first twelve digits of that or more.
    id: String,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<bool> {
    let path = args.keys;
    match args.command {
        Command::New(new) => make(&path, *new),
        Command::Certificate(certificate) => certify(&path, *certificate),
        Command::List(List {}) => list(&path),
        Command::Revoke(Revoke { id }) => revoke(&path, &id),
    }
}

fn make(path: &Path, new: New) -> anyhow::Result<bool> {
    let New {
        client,
        env,
        expires,
        ..
    } = &new;
    check_name(client)?;
    anyhow::ensure!(
        access::is_environment(env),
        "--env {env:?}: lower-case letters and digits, 16 at most"
    );
    let expires = expires.as_deref().map(time).transpose()?;
    let made = access::make(env);
    let key = WrittenKey {
        id: made.id.clone(),
        sha256: edit::digest(&made.text),
        created: Some(Moment::now()),
        expires,
        revoked: None,
    };
    let settings = settings(&new.settings);
    edit::change(path, |text| {
        let text = edit::add(text, client, key, settings)?;
        checked(&text)?;
        Ok(text)
    })?;
    // The key alone on stdout, so that a script can take it.
    say(&made.text);
    note(&format!(
        "The key {} of {client} is in {}. It is shown only now: keep it where it is used.",
        made.id,
        path.display()
    ));
    Ok(true)
}

fn certify(path: &Path, new: Certificate) -> anyhow::Result<bool> {
    let Certificate { client, name, .. } = &new;
    check_name(client)?;
    let shown = new.file.as_deref().map(first_certificate).transpose()?;
    let certificate = WrittenCertificate {
        sha256: shown.as_ref().map(|shown| edit::hex(shown.sha256())),
        name: name.clone(),
        created: Some(Moment::now()),
        expires: new.expires.as_deref().map(time).transpose()?,
        revoked: None,
    };
    let word = certificate.word().to_owned();
    let settings = settings(&new.settings);
    edit::change(path, |text| {
        let text = edit::add_certificate(text, client, certificate, settings)?;
        checked(&text)?;
        Ok(text)
    })?;
    note(&format!(
        "The certificate {word} of {client} is in {}. Servers ask for it with --tls-client-ca.",
        path.display()
    ));
    Ok(true)
}

fn check_name(client: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        Client::named(client).is_some(),
        "{client:?} is no name of a client: lower-case letters, digits, - _ and ., {LONGEST_NAME} at most"
    );
    Ok(())
}

/// Settings of a new client, if any are given.
fn settings(new: &Settings) -> Option<WrittenClient> {
    let list = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
    let mut settings = WrittenClient {
        sources: list(&new.sources),
        types: list(&new.types),
        origins: list(&new.origins),
        ..WrittenClient::default()
    };
    if new.public {
        settings.purpose = Use::Public;
    }
    settings.rate.events = new.events_per_second;
    settings.rate.bytes = new.bytes_per_second.map(access::Size);
    (settings != WrittenClient::default()).then_some(settings)
}

fn time(text: &str) -> anyhow::Result<Moment> {
    let time = Moment::parse(text);
    let time =
        time.with_context(|| format!("--expires {text:?} is no time; write it as in 2027-01-31"))?;
    anyhow::ensure!(!time.is_past(), "--expires {text:?} is over");
    Ok(time)
}

/// Checks a file that is about to be written; what has no effect in it is told.
fn checked(text: &str) -> Result<(), EditError> {
    for odd in edit::check(&access::read(text)?, &PIPELINE)? {
        note(&format!("note: {odd}"));
    }
    Ok(())
}

fn list(path: &Path) -> anyhow::Result<bool> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let named = || format!("{}: it can't be used", path.display());
    let written = access::read(&text).with_context(named)?;
    let odd = edit::check(&written, &PIPELINE).with_context(named)?;
    say(&table(&written).to_string());
    odd.iter().for_each(|odd| note(&format!("note: {odd}")));
    Ok(true)
}

fn table(written: &Written) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header([
        "client",
        "use",
        "key or certificate",
        "created",
        "state",
        "may send",
    ]);
    for (name, client) in &written.clients {
        let purpose = match client.purpose {
            Use::Public => "public",
            Use::Secret => "secret",
        };
        let keys = client.keys.iter();
        let keys = keys.map(|key| (key.id.clone(), key.created, key.expires, key.revoked));
        let certificates = client.certificates.iter();
        let certificates =
            certificates.map(|one| (certified(one), one.created, one.expires, one.revoked));
        let mut any = false;
        for (what, created, expires, revoked) in keys.chain(certificates) {
            any = true;
            let created = created.map_or(String::new(), |time| time.to_string());
            let state = state(expires.into_iter().chain(client.expires).min(), revoked);
            table.add_row([name, purpose, &what, &created, &state, &may_send(client)]);
        }
        if !any {
            table.add_row([name, purpose, "-", "", "", &may_send(client)]);
        }
    }
    table
}

/// A certificate in the list: by what `revoke` finds it.
fn certified(certificate: &WrittenCertificate) -> String {
    match &certificate.sha256 {
        Some(sha256) => {
            let digits = sha256.replace(':', "").to_ascii_lowercase();
            let shown: String = digits.chars().take(edit::SHORTEST).collect();
            format!("certificate {shown}")
        }
        None => format!("certificate named {}", one_line(certificate.word())),
    }
}

fn state(expires: Option<Moment>, revoked: Option<Moment>) -> String {
    match (revoked, expires) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at.is_past() => format!("expired {at}"),
        (None, Some(at)) => format!("live until {at}"),
        (None, None) => "live".to_owned(),
    }
}

fn may_send(client: &WrittenClient) -> String {
    let list = |list: &Option<Vec<String>>, all: &str| {
        list.as_ref().map_or(all.to_owned(), |list| list.join(", "))
    };
    let (types, sources) = (
        list(&client.types, "all types"),
        list(&client.sources, "all sources"),
    );
    match &client.origins {
        Some(origins) => format!("{types} to {sources} from {}", origins.join(", ")),
        None => format!("{types} to {sources}"),
    }
}

fn revoke(path: &Path, id: &str) -> anyhow::Result<bool> {
    anyhow::ensure!(path.exists(), "{}: there is no such file", path.display());
    edit::change(path, |text| edit::revoke(text, id, Moment::now()))?;
    note(&format!(
        "{id} is revoked. Servers that use {} refuse it within seconds.",
        path.display()
    ));
    Ok(true)
}

/// Says something beside the output. A closed stderr is not an error.
fn note(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
