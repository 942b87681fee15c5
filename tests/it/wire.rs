//! The examples of `docs/wire.md`: each command with curl gets the answer that the page shows.

use std::path::Path;

use serde_json::Value;

use crate::support::server::Server;
use crate::walk::readme::blocks;

/// The address in the examples.
const ADDRESS: &str = "http://127.0.0.1:8019";

/// Examples, each with the answer that it shows.
fn examples() -> Vec<(String, Value)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/wire.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = blocks(&page);
    let pairs = blocks.iter().zip(blocks.iter().skip(1));
    let pairs = pairs.filter(|((language, text), _)| *language == "sh" && text.contains("curl -s"));
    pairs
        .map(|((_, command), (language, answer))| {
            assert_eq!(*language, "json", "an answer is missing behind {command}");
            (command.clone(), serde_json::from_str(answer).unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_example_with_curl_is_answered_as_the_page_shows() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(directory.path(), &["--data", data.to_str().unwrap()]).await;

    let examples = examples();
    assert!(
        examples.len() >= 3,
        "found only {} examples",
        examples.len()
    );
    for (command, expected) in examples {
        let command = command.replace(ADDRESS, &server.http);
        let output = tokio::process::Command::new("sh")
            .args(["-c", &command])
            .output()
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{command}: {error}: {output:?}"));
        assert_eq!(answer, expected, "{command}");
    }
    server.stop().await;
}
