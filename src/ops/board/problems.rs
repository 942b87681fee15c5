//! Problems of an instance, from its readiness report.

use serde_json::Value;

/// States that are none.
const GOOD: [&str; 4] = ["up", "fits", "off", "unknown"];

/// What an instance says is wrong, or limited, in words.
pub fn problems(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if report.get("ready") == Some(&Value::Bool(false)) {
        found.push("the instance is not ready".to_owned());
    }
    let topology = report.get("topology").and_then(Value::as_array);
    let topology = topology.into_iter().flatten().filter_map(Value::as_str);
    found.extend(topology.map(|problem| format!("topology: {problem}")));
    for part in ["broker", "postgres"] {
        found.extend(
            report
                .get(part)
                .and_then(trouble)
                .map(|why| format!("{part}: {why}")),
        );
    }
    for part in ["exchanges", "clickhouse", "tables", "requests", "queues"] {
        let states = report.get(part).and_then(Value::as_object);
        for (name, state) in states.into_iter().flatten() {
            found.extend(trouble(state).map(|why| format!("{part}: {name}: {why}")));
        }
    }
    found
}

/// What is wrong with a state; none if it is a good one, or the part is off.
fn trouble(state: &Value) -> Option<String> {
    match state {
        Value::String(word) if !GOOD.contains(&word.as_str()) => Some(word.clone()),
        Value::Object(members) => {
            let (word, why) = members.iter().next()?;
            let why = why.as_str().unwrap_or_default();
            let is_good = GOOD.contains(&word.as_str()) || word == "targets";
            (!is_good).then(|| format!("{word}: {why}"))
        }
        _ => None,
    }
}
