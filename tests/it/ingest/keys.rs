//! Write keys and tokens over real connections: who is let in, who isn't, and what they are told.

mod certificates;
mod file;
mod permissions;
mod process;
mod rates;
mod refusals;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;

use event_grpc::access::{Access, Config, Listener, edit, make};
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::Response;
use event_grpc::listen;
use http::Method;
use tempfile::TempDir;
use tonic::Status;

use super::request;
use super::server::{POOL, Raw, Server};
use crate::http::Answer;

/// A server with a key file.
struct Guarded {
    server: Server,
    access: Arc<Access>,
    file: PathBuf,
    _folder: TempDir,
}

/// A client of a key file: name, settings in YAML, and the key.
struct Keyed {
    id: String,
    key: String,
    yaml: String,
}

/// A client with one key.
fn client(name: &str, settings: &str) -> Keyed {
    let made = make("test");
    let sha256 = edit::digest(&made.text);
    let yaml = format!(
        "  {name}:\n    {}\n    keys:\n      - id: {}\n        sha256: \"{sha256}\"\n",
        settings.replace('\n', "\n    "),
        made.id
    );
    Keyed {
        id: made.id,
        key: made.text,
        yaml,
    }
}

fn key_file(clients: &[&Keyed]) -> String {
    let clients: String = clients.iter().map(|client| client.yaml.as_str()).collect();
    format!("clients:\n{clients}")
}

/// Where the listeners of a configuration are.
fn listeners(address: [u8; 4]) -> Vec<Listener> {
    let listener = |name| Listener {
        name,
        address: (address, 1).into(),
        tls: false,
        asks: false,
    };
    vec![listener("grpc"), listener("http")]
}

const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

async fn server(config: Config, address: [u8; 4]) -> (Server, Arc<Access>) {
    let mut access = None;
    let server = Server::start_for(
        listen::Limits::default(),
        None,
        Limits::embedded(),
        POOL,
        |broker| broker,
        |pipeline| {
            let started = Access::start(config, pipeline, listeners(address)).unwrap();
            Arc::clone(access.insert(started))
        },
    )
    .await;
    (server, access.unwrap())
}

impl Guarded {
    async fn start(clients: &[&Keyed]) -> Self {
        Self::start_with(&key_file(clients), |config| config).await
    }

    async fn start_with(text: &str, configure: impl FnOnce(Config) -> Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.yaml");
        std::fs::write(&file, text).unwrap();
        let config = configure(Config {
            keys: Some(file.clone()),
            ..Config::default()
        });
        let (server, access) = server(config, LOOPBACK).await;
        Guarded {
            server,
            access,
            file,
            _folder: folder,
        }
    }

    async fn http(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.http_with(path, headers, &json(1)).await
    }

    async fn http_with(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        http_to(&self.server, path, headers, body).await
    }

    async fn grpc(&self, metadata: &[(&'static str, &str)]) -> Result<Response, Status> {
        self.grpc_with(metadata, request(1)).await
    }

    async fn grpc_with(
        &self,
        metadata: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Response, Status> {
        let mut request = tonic::Request::new(Raw(body));
        for (name, value) in metadata {
            request.metadata_mut().append(*name, value.parse().unwrap());
        }
        self.server.request(request).await
    }
}

async fn http_to(server: &Server, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = format!("http://127.0.0.1:{}{path}", server.http);
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    crate::http::request(Method::POST, &url, &all, body.to_owned()).await
}

/// A request of so many events as JSON.
fn json(count: usize) -> String {
    let events = vec![r#"{"timestamp":"1700000000000","empty":{}}"#; count].join(",");
    format!(r#"{{"header":{{"session":"s"}},"events":[{events}]}}"#)
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}
