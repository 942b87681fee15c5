//! Reload: what the files of a listener's TLS hold is taken into use when it changes.
//!
//! The files are read at intervals. Notifications of the file system miss what Kubernetes does, which swaps a link
//! somewhere above them.

use std::time::Duration;

use super::certificate::date;
use super::pem::FileError;
use super::server::{Contents, Loaded, ServerTls};
use crate::metrics::tls::RELOADS;

/// Interval at which the files are read.
const INTERVAL: Duration = Duration::from_secs(2);

/// What is known of files that were refused.
#[derive(Default)]
struct Refusal {
    /// What was refused last, and whether it was logged and counted.
    last: Option<(Refused, bool)>,
    /// True if it was logged that the certificate in use isn't valid.
    told_of_time: bool,
}

/// Digest of contents, if they could be read, and why they can't be used.
type Refused = (Option<[u8; 32]>, FileError);

/// Reads the files every two seconds, for as long as it is polled, and takes what they hold into use. Files that can't be
/// used are logged and counted, and those in use stay.
pub async fn watch(tls: ServerTls) {
    let mut refusal = Refusal::default();
    loop {
        refusal.look_at_the_time(&tls);
        tokio::time::sleep(INTERVAL).await;
        let files = tls.files().clone();
        // A network file system may take its time.
        match tokio::task::spawn_blocking(move || Contents::read(&files)).await {
            Ok(contents) => refusal.look(&tls, contents),
            Err(error) => tracing::error!(%error, "The TLS files could not be read."),
        }
    }
}

impl Refusal {
    /// Takes contents into use if they are new and good.
    fn look(&mut self, tls: &ServerTls, contents: Result<Contents, FileError>) {
        let (digest, loaded) = match contents {
            Ok(contents) => {
                let digest = contents.digest();
                if digest == tls.current().digest {
                    self.last = None;
                    return;
                }
                let loaded = contents.load(tls.files());
                (Some(digest), loaded.and_then(|loaded| in_time(tls, loaded)))
            }
            Err(error) => (None, Err(error)),
        };
        match loaded {
            Ok(loaded) => {
                let expires = date(loaded.validity.until);
                tls.replace(loaded);
                self.last = None;
                self.told_of_time = false;
                RELOADS.with(["loaded"]).increment(1);
                let certificate = tls.files().certificate.display();
                tracing::info!(%certificate, expires, "The TLS files changed and are in use.");
            }
            Err(error) => self.refuse((digest, error)),
        }
    }

    /// Logs and counts files that can't be used, once, and only when they are seen a second time: certificate and key
    /// are written one after the other.
    fn refuse(&mut self, refused: Refused) {
        match &mut self.last {
            Some((last, told)) if *last == refused => {
                if !std::mem::replace(told, true) {
                    RELOADS.with(["refused"]).increment(1);
                    tracing::warn!(
                        error = %refused.1,
                        "The TLS files changed and can't be used; what was read before stays in use."
                    );
                }
            }
            _ => self.last = Some((refused, false)),
        }
    }

    /// Logs once that the certificate in use isn't valid.
    fn look_at_the_time(&mut self, tls: &ServerTls) {
        if self.told_of_time {
            return;
        }
        if let Some(error) = tls.trouble() {
            self.told_of_time = true;
            tracing::error!(%error, "The TLS certificate in use is not valid; clients will refuse it.");
        }
    }
}

/// Refuses a certificate that isn't valid now if the one in use is.
fn in_time(tls: &ServerTls, loaded: Loaded) -> Result<Loaded, FileError> {
    match loaded.trouble() {
        Some(reason) if tls.trouble().is_none() => {
            Err(FileError::new(&tls.files().certificate, reason))
        }
        _ => Ok(loaded),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::super::server::{ClientCertificates, ServerFiles};
    use super::*;

    fn write(folder: &Path) -> String {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.join("certificate"), cert.pem()).unwrap();
        std::fs::write(folder.join("key"), signing_key.serialize_pem()).unwrap();
        signing_key.serialize_pem()
    }

    #[test]
    fn files_are_refused_once_and_only_if_they_stay() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let files = ServerFiles {
            certificate: folder.path().join("certificate"),
            key: folder.path().join("key"),
            client_ca: None,
            clients: ClientCertificates::Optional,
        };
        let tls = ServerTls::open(files.clone()).unwrap();
        let first = tls.current().digest;
        let mut refusal = Refusal::default();
        let mut look = || {
            refusal.look(&tls, Contents::read(&files));
            refusal.last.as_ref().map(|(_, told)| *told)
        };
        assert_eq!(look(), None);
        // The certificate is there, and its key comes later.
        let key = std::fs::read(&files.key).unwrap();
        let next = write(folder.path());
        std::fs::write(&files.key, &key).unwrap();
        assert_eq!(look(), Some(false));
        std::fs::write(&files.key, &next).unwrap();
        assert_eq!(look(), None);
        let second = tls.current().digest;
        assert_ne!(first, second);
        // It doesn't come.
        std::fs::write(&files.key, &key).unwrap();
        assert_eq!(
            [look(), look(), look()],
            [Some(false), Some(true), Some(true)]
        );
        assert_eq!(tls.current().digest, second);
        // Something else is wrong now.
        std::fs::remove_file(&files.key).unwrap();
        assert_eq!([look(), look()], [Some(false), Some(true)]);
        std::fs::write(&files.key, &next).unwrap();
        assert_eq!(look(), None);
    }
}
