//! The new event type in each library for senders: built in the copy, and sent by its driver.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::project::Project;

/// Sends one event of the new type with each library whose tools are here, by its name as id. Returns the names.
pub(super) fn send_with_each(project: &Project, endpoint: &str) -> Vec<String> {
    let libraries: Value = serde_json::from_str(&project.read("clients/libraries.json")).unwrap();
    let mut sent = Vec::new();
    for library in libraries.as_array().unwrap() {
        let name = library["name"].as_str().unwrap();
        let needs = library["needs"].as_object().unwrap();
        if let Some(program) = needs.keys().find(|program| !is_on_path(program)) {
            eprintln!("{name} is left out: there is no {program}");
            continue;
        }
        let folder = project.path("clients").join(name);
        for command in library["build"].as_array().unwrap() {
            run(&folder, command.as_str().unwrap());
        }
        let driver = library["driver"].as_str().unwrap();
        send(&project.path(""), driver, endpoint, name);
        sent.push(name.to_owned());
    }
    sent.sort();
    sent
}

/// Runs a command in a folder to its end.
fn run(folder: &Path, command: &str) {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().unwrap())
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{command}: {said}");
}

/// Tells a driver to send one event, and waits until the server has it.
fn send(root: &Path, driver: &str, endpoint: &str, id: &str) {
    let mut words = driver.split_whitespace();
    let mut process = Command::new(words.next().unwrap())
        .args(words)
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
    let fields = json!({ "productId": "42", "listName": "birthday", "isGift": true });
    let commands = [
        json!({ "do": "open", "endpoint": endpoint, "header": { "userId": "9" } }),
        json!({ "do": "track", "event": "wishlistAddedEvent", "fields": fields, "id": id }),
        json!({ "do": "flush", "timeout_ms": 20_000 }),
        json!({ "do": "counters" }),
    ];
    let mut last = String::new();
    for command in commands {
        writeln!(input, "{command}").unwrap();
        input.flush().unwrap();
        last = output.next().unwrap().unwrap();
    }
    drop(input);
    assert!(process.wait().unwrap().success(), "{driver} failed");
    let counters: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(counters["accepted"], 1, "{driver}: {last}");
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
