//! Operations: which port answers what, whom the operations listener answers, and its token.

mod access;
mod certificate;
mod drain;
mod ports;
mod token;

use std::path::Path;

use http::Method;

use crate::http::{Answer, request};
use crate::support::server::Server;

/// Options of a server that needs no other one: its ClickHouse is never asked for anything that matters here.
const ALONE: [&str; 2] = ["--clickhouse-url", "http://127.0.0.1:9/test"];

/// A token of operators.
const TOKEN: &str = "b2f7c1-a-token-of-operators";

/// Starts a server that has no other one, with these options.
async fn alone(directory: &Path, options: &[&str]) -> Server {
    Server::start(directory, &[&ALONE, options].concat()).await
}

/// Writes tokens into a file, and says where it is.
fn token_file(directory: &Path, tokens: &str) -> String {
    let path = directory.join("tokens");
    std::fs::write(&path, tokens).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Answer of operations to a request with these headers.
async fn ask(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    request(method, &format!("{}{path}", server.ops), headers, "").await
}

/// Status of `/metrics` for a request with this token.
async fn metrics(server: &Server, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let answer = ask(server, Method::GET, "/metrics", &headers).await;
    answer.status
}
