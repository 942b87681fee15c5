//! `cargo xtask bench protection`: the same load with and without what faces the internet: TLS, write keys with rates, a
//! CORS allow-list, and a client's name with every event.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::{Args, SCENARIOS, Scenario, chosen, measure, pairs};
use crate::build::Executables;

/// Scenarios, if none are named: large and small requests, and JSON.
const USUAL: [&str; 3] = ["rabbitmq-100", "rabbitmq-1", "json-100"];

/// What protects an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// Nothing: no TLS, no keys, no CORS.
    None,
    /// TLS, a key file, and a list of origins.
    All,
}

/// Origins whose pages may send.
const ORIGINS: &str = "https://shop.example,https://*.example.com";

/// What the instance and the load generator are given.
#[derive(Default)]
pub(super) struct Prepared {
    /// Variables of the instance.
    pub(super) variables: Vec<(&'static str, PathBuf)>,
    /// Options of the load generator.
    pub(super) options: Vec<OsString>,
}

/// Runs scenarios in pairs, and prints the ratios.
pub(super) fn run(args: &Args, built: &Executables, events: u64) -> Result<ExitCode> {
    let usual = |s: &&Scenario| USUAL.contains(&s.name);
    let chosen = match args.scenarios.is_empty() {
        true => SCENARIOS.iter().filter(usual).collect(),
        false => chosen(args, "")?,
    };
    println!(
        "{} pairs of runs, {events} events (fewer where requests are small), without and with TLS, write keys and CORS; medians.",
        args.runs
    );
    pairs::run(args, ["plain", "protected"], &chosen, |which, scenario| {
        let protection = [Protection::None, Protection::All][which];
        measure(scenario, built, protection, events / scenario.share)
    })?;
    Ok(ExitCode::SUCCESS)
}

impl Protection {
    /// Writes what it needs into a directory. Returns variables of the instance, and options of the load generator.
    pub(super) fn prepare(self, executable: &Path, directory: &Path) -> Result<Prepared> {
        if self == Protection::None {
            return Ok(Prepared::default());
        }
        let path = |name: &str| directory.join(name);
        certificate(directory)?;
        let keys = path("keys.yaml");
        fs::write(path("write-key"), key(executable, &keys)?)?;
        Ok(Prepared {
            variables: vec![
                ("EVENT_GRPC_TLS_CERT", path("server.pem")),
                ("EVENT_GRPC_TLS_KEY", path("server.key")),
                ("EVENT_GRPC_KEYS", keys),
                ("EVENT_GRPC_CORS_APP", ORIGINS.into()),
            ],
            options: vec![
                "--tls-ca".into(),
                path("ca.pem").into(),
                "--key-file".into(),
                path("write-key").into(),
            ],
        })
    }

    /// Address of an instance with this protection, which has another scheme with TLS.
    pub(super) fn address(self, address: &str) -> String {
        match self {
            Protection::None => address.to_owned(),
            Protection::All => address.replacen("http://", "https://", 1),
        }
    }
}

/// Writes a certificate for this machine, its key, and the authority that signed it.
fn certificate(directory: &Path) -> Result<()> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    fs::write(directory.join("ca.pem"), params.self_signed(&key)?.pem())?;
    let authority = Issuer::new(params, key);
    let params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let key = KeyPair::generate()?;
    let signed = params.signed_by(&key, &authority)?;
    fs::write(directory.join("server.pem"), signed.pem())?;
    fs::write(directory.join("server.key"), key.serialize_pem())?;
    Ok(())
}

/// Makes a key for a client whose rates are counted and never reached.
fn key(executable: &Path, keys: &Path) -> Result<String> {
    let mut new = Command::new(executable);
    new.args(["keys", "new", "bench"]).arg("--keys").arg(keys);
    new.args(["--events-per-second", "1000000000"]);
    new.args(["--bytes-per-second", "1000000000000"]);
    let output = new.output().context("event-grpc keys can't be run")?;
    if !output.status.success() {
        bail!(
            "event-grpc keys new failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}
