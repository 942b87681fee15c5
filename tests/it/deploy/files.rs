//! The files of `deploy/`, held to the project: versions, times and names that stand in two places.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use super::{path, text};

/// The value of an assignment in a text, as in `NAME=value`.
fn assigned<'a>(text: &'a str, name: &str) -> &'a str {
    let start = format!("{name}=");
    let line = text.lines().find_map(|line| line.trim().split_once(&start));
    line.unwrap_or_else(|| panic!("no {name}"))
        .1
        .split_whitespace()
        .next()
        .unwrap_or_default()
}

/// The text between quotes behind a word.
fn quoted<'a>(text: &'a str, behind: &str) -> &'a str {
    let (_, rest) = text.split_once(behind).expect(behind);
    rest.split('"').nth(1).expect(behind)
}

#[test]
fn an_image_is_built_with_this_compiler_and_holds_the_engine_of_this_build() {
    let dockerfile = text("deploy/docker/Dockerfile");
    let channel = text("rust-toolchain.toml");
    let image = format!("rust:{}-bookworm AS build", quoted(&channel, "channel = "));
    assert!(dockerfile.contains(&image), "{image}");
    let release = text("src/sink/clickhouse/engine/release.rs");
    assert_eq!(
        assigned(&dockerfile, "ENGINE"),
        quoted(&release, "const VERSION: &str =")
    );
    assert_eq!(
        assigned(&dockerfile, "ENGINE_SHA256"),
        quoted(&release, "\n    sha256: ")
    );
    let package = quoted(&release, "\n    package: ");
    assert!(dockerfile.contains(&format!("{package}@${{ENGINE}}")));
    // The last stage is the one without the engine, as a user who isn't root.
    let (_, last) = dockerfile.rsplit_once("\nFROM ").unwrap();
    assert_eq!(last.trim(), "server");
    let (_, server) = dockerfile.split_once(" AS server").unwrap();
    let server = server.split("\nFROM ").next().unwrap();
    assert!(server.contains("\nUSER 65532:65532\n") && server.contains("\nHEALTHCHECK "));
}

/// Seconds that the server takes to stop with the defaults, and ten more.
fn patience() -> u64 {
    let page = text("docs/configuration.md");
    let default = |option: &str| -> u64 {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{option}`")));
        row.and_then(|row| row.split('|').nth(3)?.trim().parse().ok())
            .expect(option)
    };
    default("--notice-seconds") + default("--drain-seconds") + 10
}

#[test]
fn nobody_kills_an_instance_before_its_drain_has_ended() {
    let unit = text("deploy/systemd/event-grpc.service");
    assert_eq!(assigned(&unit, "Type"), "notify");
    let stop: u64 = assigned(&unit, "TimeoutStopSec").parse().unwrap();
    assert!(stop >= patience(), "{stop}");
    let stack = yaml("deploy/compose/compose.yaml");
    let grace = stack["services"]["event-grpc"]["stop_grace_period"]
        .as_str()
        .unwrap();
    let grace: u64 = grace.trim_end_matches('s').parse().unwrap();
    assert!(grace >= patience(), "{grace}");
}

/// helm waits for the migration, a hook, and takes five minutes for enough.
#[test]
fn helm_is_told_to_wait_for_as_long_as_a_migration_may_take() {
    let values = yaml("deploy/helm/event-grpc/values.yaml");
    let deadline = values["migrate"]["deadlineSeconds"].as_u64().unwrap();
    let page = text("docs/deploy.md");
    let timeouts: Vec<u64> = page
        .split("--timeout ")
        .skip(1)
        .map(|rest| rest.split('m').next().unwrap().parse().unwrap())
        .collect();
    assert!(timeouts.len() > 1, "{timeouts:?}");
    for minutes in timeouts {
        assert!(minutes * 60 > deadline, "{minutes} minutes");
    }
    assert!(page.contains("helm install event-grpc target/package/chart/event-grpc --timeout "));
}

#[test]
fn every_variable_that_is_set_in_deploy_is_one_of_the_server() {
    let page = text("docs/configuration.md");
    let mut found = BTreeSet::new();
    let files = [
        "deploy/systemd/event-grpc.service",
        "deploy/systemd/event-grpc.env",
        "deploy/docker/Dockerfile",
        "deploy/compose/compose.yaml",
        "deploy/helm/event-grpc/values.yaml",
        "docs/deploy.md",
    ];
    for file in files {
        let text = text(file);
        for (at, _) in text.match_indices("EVENT_GRPC_") {
            let end = text[at..]
                .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
            let name = &text[at..end.map_or(text.len(), |end| at + end)];
            found.insert(name.trim_end_matches("_FILE").to_owned());
        }
    }
    assert!(found.len() > 10, "{found:?}");
    for name in found {
        assert!(page.contains(&name), "docs/configuration.md has no {name}");
    }
}

#[test]
fn each_part_of_the_stack_gets_what_is_declared_for_it_and_what_it_names() {
    let stack = yaml("deploy/compose/compose.yaml");
    let names = |part: &str| -> BTreeSet<String> {
        let entries = stack[part].as_mapping().unwrap();
        entries
            .keys()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let (secrets, configs) = (names("secrets"), names("configs"));
    let mut used = BTreeMap::from([("secrets", BTreeSet::new()), ("configs", BTreeSet::new())]);
    for (name, service) in stack["services"].as_mapping().unwrap() {
        let mut mounted = BTreeSet::new();
        for part in ["secrets", "configs"] {
            for entry in service[part].as_sequence().into_iter().flatten() {
                let source = entry.as_str().or(entry["source"].as_str()).unwrap();
                used.get_mut(part).unwrap().insert(source.to_owned());
                mounted.insert(source.to_owned());
            }
        }
        // Files that a service is told of are mounted into it. Its own settings may name more.
        let told = serde_yaml::to_string(service).unwrap();
        for (at, start) in told.match_indices("/run/secrets/") {
            let rest = &told[at + start.len()..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || ".-".contains(c)));
            let file = &rest[..end.unwrap_or(rest.len())];
            assert!(
                mounted.contains(file),
                "{name:?} names {file} and doesn't get it"
            );
        }
        let image = service["image"].as_str().unwrap();
        assert!(
            image == "event-grpc" || image.contains(':'),
            "{image} has no tag"
        );
    }
    assert_eq!(used["secrets"], secrets);
    assert_eq!(used["configs"], configs);
    for config in stack["configs"].as_mapping().unwrap().values() {
        let file = config["file"].as_str().unwrap();
        assert!(path("deploy/compose").join(file).is_file(), "{file}");
    }
    // Operations and Prometheus are for this machine alone.
    for (service, ports) in [("event-grpc", 3), ("prometheus", 1)] {
        let published = stack["services"][service]["ports"].as_sequence().unwrap();
        assert_eq!(published.len(), ports);
        for port in published.iter().filter_map(Value::as_str) {
            let is_for_senders = ["8017:8017", "8019:8019"].contains(&port);
            assert!(is_for_senders || port.starts_with("127.0.0.1:"), "{port}");
        }
    }
}

fn yaml(name: &str) -> Value {
    let mut value: Value = serde_yaml::from_str(&text(name)).unwrap();
    value.apply_merge().unwrap();
    value
}
