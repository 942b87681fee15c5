//! Problems of an instance, from its readiness report.

use serde_json::Value;

/// What an instance says is out of order, in words.
pub fn problems(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if report.get("ready") == Some(&Value::Bool(false)) {
        found.push("the instance is not ready".to_owned());
    }
    let degraded = report.get("degraded").and_then(Value::as_array);
    found.extend(degraded.into_iter().flatten().map(|one| {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        let named = format!("{} {}", text("code"), text("subject"));
        format!("{}: {}", named.trim_end(), text("what"))
    }));
    found
}
