//! TLS options of `event-grpc serve`.

use std::path::PathBuf;

use crate::tls::{ClientCertificates, ServerFiles};

/// TLS of the ports.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ServerTlsArgs {
    /// Certificate of all ports, which speak TLS with it and nothing else: a PEM file with the server's own first and
    /// those that lead to its authority behind it. Read again when it changes.
    #[arg(
        long,
        env = "EVENT_GRPC_TLS_CERT",
        requires = "tls_key",
        value_name = "FILE"
    )]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate: a PEM file with PKCS#8, SEC1 or PKCS#1, without a passphrase.
    #[arg(
        long,
        env = "EVENT_GRPC_TLS_KEY",
        requires = "tls_cert",
        value_name = "FILE"
    )]
    tls_key: Option<PathBuf>,
    /// Authorities that sign the certificates of clients: a PEM file. Clients are asked for a certificate then.
    #[arg(
        long,
        env = "EVENT_GRPC_TLS_CLIENT_CA",
        requires = "tls_cert",
        value_name = "FILE"
    )]
    tls_client_ca: Option<PathBuf>,
    /// Whether a client has to show a certificate. One that is shown has to be good in either case.
    #[arg(
        long,
        env = "EVENT_GRPC_TLS_CLIENT",
        requires = "tls_client_ca",
        value_enum,
        value_name = "WHEN"
    )]
    tls_client: Option<ClientCertificates>,
}

impl ServerTlsArgs {
    /// Files of the ports' TLS, if they are given.
    pub(super) fn files(self) -> Option<ServerFiles> {
        let (certificate, key) = self.tls_cert.zip(self.tls_key)?;
        Some(ServerFiles {
            certificate,
            key,
            client_ca: self.tls_client_ca,
            clients: self.tls_client.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        tls: ServerTlsArgs,
    }

    fn parsed(arguments: &[&str]) -> Result<Option<ServerFiles>, String> {
        let arguments = ["serve"].iter().chain(arguments);
        match Command::try_parse_from(arguments) {
            Ok(command) => Ok(command.tls.files()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_certificate_needs_its_key_and_clients_an_authority() {
        assert_eq!(parsed(&[]), Ok(None));
        let pair = ["--tls-cert", "a", "--tls-key", "b"];
        let files = parsed(&pair).unwrap().unwrap();
        assert_eq!(
            (files.client_ca, files.clients),
            (None, ClientCertificates::Optional)
        );
        let all = [
            &pair[..],
            &["--tls-client-ca", "c", "--tls-client", "required"],
        ]
        .concat();
        let files = parsed(&all).unwrap().unwrap();
        assert_eq!(files.clients, ClientCertificates::Required);
        for (incomplete, missing) in [
            (&["--tls-cert", "a"][..], "--tls-key"),
            (&["--tls-key", "b"], "--tls-cert"),
            (&["--tls-client-ca", "c"], "--tls-cert"),
            (
                &[
                    "--tls-cert",
                    "a",
                    "--tls-key",
                    "b",
                    "--tls-client",
                    "required",
                ],
                "--tls-client-ca",
            ),
        ] {
            let error = parsed(incomplete).unwrap_err();
            assert!(error.contains(missing), "{error}");
        }
    }
}
