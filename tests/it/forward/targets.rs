//! Enabled requests, and errors in the configuration of others.

use std::collections::BTreeMap;

use event_grpc::generated::PIPELINE;
use event_grpc::sink::requests::Requests;

const SET: [(&str, &str); 6] = [
    ("WEBENGAGE_EVENTS_URL", "https://api.example/a/events"),
    ("WEBENGAGE_BRAND_EVENTS_URL", "https://api.example/b/events"),
    ("WEBENGAGE_USERS_URL", "https://api.example/a/users"),
    ("WEBENGAGE_BRAND_USERS_URL", "https://api.example/b/users"),
    ("WEBENGAGE_KEY", "user-key"),
    ("WEBENGAGE_BRAND_KEY", "brand-key"),
];

/// The requests with these variables, but for a change.
fn with(name: &str, value: Option<&str>) -> Result<Requests, String> {
    let mut variables: BTreeMap<&str, &str> = SET.into();
    match value {
        Some(value) => variables.insert(name, value),
        None => variables.remove(name),
    };
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    Requests::new(PIPELINE.requests, variable).map_err(|error| error.to_string())
}

#[test]
fn a_request_is_off_until_all_its_variables_are_set() {
    for value in [None, Some(""), Some("  ")] {
        let requests = with("WEBENGAGE_BRAND_EVENTS_URL", value).unwrap();
        for request in PIPELINE.requests {
            let missing: Option<&[&str]> = match request.name {
                "webengage_events" => Some(&["WEBENGAGE_BRAND_EVENTS_URL"]),
                _ => None,
            };
            assert_eq!(requests.missing(request), missing);
            assert_eq!(requests.targets(request).is_some(), missing.is_none());
        }
    }
}

#[test]
fn a_value_that_fits_nowhere_is_named_by_its_variable_only() {
    for wrong in [
        "ftp://s3cret/",
        "s3cret",
        "https://",
        "mailto:s3cret@example",
    ] {
        let error = with("WEBENGAGE_USERS_URL", Some(wrong)).unwrap_err();
        assert!(error.contains("WEBENGAGE_USERS_URL"), "{error}");
        assert!(error.contains("webengage_users.USER"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let error = with("WEBENGAGE_KEY", Some("s3cret\u{7f}")).unwrap_err();
    assert!(
        error.contains("WEBENGAGE_KEY") && !error.contains("s3cret"),
        "{error}"
    );
}
