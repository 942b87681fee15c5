//! Flaky tests: those that fail among others and pass by themselves.

/// Most failures that are run again: more than a few are no accident, unless a server of the tests ended and was started
/// again meanwhile.
pub(super) fn limit(restarted: bool) -> usize {
    if restarted { 100 } else { 5 }
}

/// Names of the tests that failed, from the output of `cargo test`; none if that can't be told, or if there are more than
/// the limit.
pub(super) fn failed(output: &str, limit: usize) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut lists = 0;
    let mut listed = false;
    for line in output.lines() {
        if line == "failures:" {
            listed = true;
        } else if let Some(name) = line.strip_prefix("    ").filter(|_| listed) {
            if !name.contains(' ') && !name.is_empty() {
                names.push(name.to_owned());
            }
        } else if line.starts_with("test result: FAILED") {
            lists += 1;
            listed = false;
        } else if !line.is_empty() {
            listed = false;
        }
    }
    names.sort();
    names.dedup();
    // A binary that ended without a list, as by a signal, says so in another way.
    let told = lists > 0 && !output.contains("(signal: ");
    (told && !names.is_empty() && names.len() <= limit).then_some(names)
}

/// True if every one of these tests ran and passed.
pub(super) fn passed(output: &str, names: &[String]) -> bool {
    let passed = |name: &String| {
        output
            .lines()
            .any(|line| line == format!("test {name} ... ok"))
    };
    names.iter().all(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 3 tests
test a::one ... ok
test a::two ... FAILED

failures:

---- a::two stdout ----
thread 'a::two' panicked at tests/it/a.rs:1:1:
    indented by the message

failures:
    a::two

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    #[test]
    fn failures_are_read_from_the_last_list() {
        assert_eq!(failed(OUTPUT, 1), Some(vec!["a::two".to_owned()]));
        assert_eq!(failed(OUTPUT, 0), None);
        assert_eq!(failed("test result: ok. 3 passed", 5), None);
        assert_eq!(failed("error: could not compile `a`", 5), None);
        assert_eq!(failed(&format!("{OUTPUT}(signal: 11, SIGSEGV)"), 5), None);
    }

    #[test]
    fn a_test_that_did_not_run_has_not_passed() {
        let names = ["a::two".to_owned()];
        assert!(passed("test a::two ... ok\n", &names));
        assert!(!passed("test a::two ... FAILED\n", &names));
        assert!(!passed("running 0 tests\n", &names));
    }
}
