//! Environment variables of the process, and files that hold secrets in their place. They are never printed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::OnceLock;

use super::variables::{FILE, secrets};
use crate::contract::Pipeline;
use crate::ingest::cors;

/// Maximum size of a file that holds a secret, in bytes.
const MOST: u64 = 64 << 10;

/// Variables by name.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// Variables that the configuration file gives; those of the process count more.
static OF_FILE: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// Error with a secret. It never holds the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is given twice.
    #[error("{name} and {name}_FILE are both set; unset one of them")]
    Twice {
        /// The variable.
        name: String,
    },
    /// Its file can't be read.
    #[error("{name}_FILE: {path} can't be read: {error}", path = path.display())]
    Unreadable {
        /// The variable.
        name: String,
        /// The file.
        path: PathBuf,
        /// Cause.
        error: io::Error,
    },
    /// Its file doesn't hold one.
    #[error("{name}_FILE: {path} {why}", path = path.display())]
    Unusable {
        /// The variable.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Environment {
    /// Environment of this process, above what the configuration file gives; variables that aren't UTF-8 are left out.
    pub fn of_process() -> Self {
        let mut variables = OF_FILE.get().cloned().unwrap_or_default();
        for (name, value) in std::env::vars_os() {
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else {
                continue;
            };
            // One that is empty counts as not set.
            if !(value.is_empty() && variables.contains_key(&name)) {
                variables.insert(name, value);
            }
        }
        Environment(variables)
    }

    /// Puts variables of the configuration file below those of the process, once, before anything reads them.
    pub fn give(variables: BTreeMap<String, String>) {
        // Whoever comes second has read the same file.
        drop(OF_FILE.set(variables));
    }

    /// The value of a variable, if it is set.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// Names of the variables that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The same variables, and those of another that say which pages may send.
    pub fn with_pages_of(mut self, other: &Environment) -> Self {
        let of_pages = other.0.iter().filter(|(name, _)| cors::is_variable(name));
        self.0
            .extend(of_pages.map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// The value of a variable, or the content of the file that `NAME_FILE` names, without line breaks at its end. Both
    /// at once are an error; a variable that is empty counts as not set.
    pub fn secret(&self, name: &str) -> Result<Option<String>, SecretError> {
        let set = |name: &str| self.0.get(name).filter(|value| !value.is_empty());
        match (set(name), set(&format!("{name}{FILE}"))) {
            (Some(_), Some(_)) => Err(SecretError::Twice {
                name: name.to_owned(),
            }),
            (Some(value), None) => Ok(Some(value.clone())),
            (None, Some(path)) => read(name, path.into()).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The same variables, with the secrets of a pipeline's webhooks and requests read from their files.
    pub fn with_secrets_of(mut self, pipeline: &Pipeline) -> Result<Self, SecretError> {
        for name in secrets(pipeline) {
            if let Some(value) = self.secret(&name)? {
                self.0.insert(name, value);
            }
        }
        Ok(self)
    }
}

/// Text of an option that may hold a password. It is never shown.
#[derive(Clone)]
pub struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The value of an option that holds a secret: as `given`, by the option or its variable, or from the file that
/// `NAME_FILE` of this process's environment names. An option counts more than a file; a variable beside one is an error.
pub fn option(name: &str, given: Option<&Secret>) -> Result<Option<String>, SecretError> {
    let of_process = Environment::of_process().secret(name)?;
    let given = given.map(|Secret(text)| text.clone());
    Ok(given.filter(|text| !text.is_empty()).or(of_process))
}

fn read(name: &str, path: PathBuf) -> Result<String, SecretError> {
    let mut bytes = Vec::new();
    let file = File::open(&path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    if let Err(error) = file {
        let name = name.to_owned();
        return Err(SecretError::Unreadable { name, path, error });
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) if text.len() as u64 > MOST => Err("is larger than 64 KiB"),
        Ok(text) => match text.trim_end_matches(['\r', '\n']) {
            "" => Err("is empty"),
            secret => Ok(secret.to_owned()),
        },
        Err(_) => Err("is not UTF-8, or is larger than 64 KiB"),
    };
    text.map_err(|why| SecretError::Unusable {
        name: name.to_owned(),
        path,
        why,
    })
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Environment(variables.into_iter().collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} variables", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        variables.iter().map(owned).collect()
    }

    fn of_file(path: &Path) -> Result<Option<String>, SecretError> {
        environment(&[("A_FILE", path.to_str().unwrap())]).secret("A")
    }

    #[test]
    fn a_demo_takes_the_pages_of_the_process_and_nothing_else() {
        let process = environment(&[
            ("EVENT_GRPC_CORS_APP", "https://a.example"),
            ("HOOK", "hush"),
        ]);
        let demo = environment(&[("SECRET", "its own")]).with_pages_of(&process);
        assert_eq!(
            demo.names().collect::<Vec<_>>(),
            ["EVENT_GRPC_CORS_APP", "SECRET"]
        );
    }

    #[test]
    fn a_secret_is_a_variable_or_the_content_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, secret) in [("s3cret", "s3cret"), ("s3\ncret \r\n\n", "s3\ncret ")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(of_file(&path).unwrap().as_deref(), Some(secret));
        }
        assert_eq!(
            environment(&[("A", "b")]).secret("A").unwrap().unwrap(),
            "b"
        );
        assert_eq!(environment(&[]).secret("A").unwrap(), None);
        let empty = [("A", ""), ("A_FILE", path.to_str().unwrap())];
        assert!(environment(&empty).secret("A").unwrap().is_some());
    }

    #[test]
    fn what_is_wrong_names_the_variable_and_the_file_and_not_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let shown = path.display().to_string();
        let told = || of_file(&path).unwrap_err().to_string();
        assert!(told().starts_with(&format!("A_FILE: {shown} can't be read")));
        for (content, why) in [
            (vec![], "is empty"),
            (b"\n".to_vec(), "is empty"),
            (vec![b'a'; 70_000], "is larger than 64 KiB"),
            (vec![0xff], "is not UTF-8"),
        ] {
            std::fs::write(&path, content).unwrap();
            assert!(told().contains(&format!("{shown} {why}")), "{}", told());
        }
        let both = environment(&[("A", "hush"), ("A_FILE", "/nowhere")]);
        let told = both.secret("A").unwrap_err().to_string();
        assert_eq!(told, "A and A_FILE are both set; unset one of them");
        assert_eq!(format!("{both:?}"), "2 variables");
        assert_eq!(format!("{:?}", Secret::from("hush".to_owned())), "***");
    }
}
