//! Connections to a server under load: TLS, and the write key that goes with each request.

use std::path::PathBuf;

use anyhow::Context as _;
use event_grpc::tls::client::Tls;
use event_grpc::tls::https::Https;
use event_grpc::tls::{Names, Options};
use hyper_util::client::legacy::connect::HttpConnector;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

/// What the options of TLS are called in messages.
const NAMES: Names = Names {
    ca: "--tls-ca",
    certificate: "--tls-cert and --tls-key",
    server_name: "name it by one of its names in --to",
};

/// What a load proves to the server, and how it verifies it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConnectArgs {
    /// PEM file of the authority that signed the certificate of servers at https://, in place of those that this machine
    /// trusts.
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// PEM file of a client certificate, for servers that ask for one.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of its private key.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// File with the write key that goes with each request; EVENT_GRPC_KEY may hold it instead.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Write key from the environment. It is never an option: options show in the list of processes.
    #[arg(skip = std::env::var("EVENT_GRPC_KEY").ok())]
    key: Option<String>,
}

/// Metadata, or header, that proves who sends.
pub type Proof = Option<MetadataValue<Ascii>>;

impl ConnectArgs {
    /// Header of requests. Fails if the key can't be read.
    pub fn proof(&self) -> anyhow::Result<Proof> {
        let key = match &self.key_file {
            Some(file) => Some(
                std::fs::read_to_string(file)
                    .with_context(|| format!("--key-file: {} can't be read", file.display()))?,
            ),
            None => self.key.clone(),
        };
        let Some(key) = key else {
            return Ok(None);
        };
        let mut bearer: MetadataValue<Ascii> = format!("Bearer {}", key.trim())
            .parse()
            .context("the write key can't stand in a header")?;
        bearer.set_sensitive(true);
        Ok(Some(bearer))
    }

    /// Opens a connection, with TLS to addresses with https://.
    pub async fn connect(&self, endpoint: &Endpoint) -> anyhow::Result<Channel> {
        if endpoint.uri().scheme_str() != Some("https") {
            return Ok(endpoint.connect().await?);
        }
        let tls = Tls::new(Options {
            ca: self.tls_ca.clone(),
            certificate: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            ..Options::new(&NAMES)
        });
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        let https = Https::new(http, tls);
        Ok(endpoint.connect_with_connector(https).await?)
    }
}
