//! Table of decisions.

use super::*;

fn error(fault: Fault) -> RequestError {
    RequestError {
        fault,
        status: None,
        retry_after: None,
        message: String::new(),
    }
}

#[test]
fn a_sender_is_to_blame_for_what_only_it_can_mend() {
    for class in [
        "malformed",
        "bad_field",
        "bad_value",
        "no_type",
        "unknown_type",
    ] {
        assert_eq!(blame(class), Blame::Sender, "{class}");
    }
    for class in [
        "refused",
        "panic",
        "build_mismatch",
        "unexpected_type",
        "retries",
    ] {
        assert_eq!(blame(class), Blame::Build, "{class}");
    }
}

#[test]
fn a_request_is_repeated_until_too_much_counts_against_the_message() {
    let decide =
        |fault, attempts, failures| decide_request(&error(fault), attempts, failures, 2, 1.0);
    let again = |ms| Forwarding::Again(Duration::from_millis(ms));
    assert_eq!(decide(Fault::Transient, 1, 0), again(250));
    assert_eq!(decide(Fault::Transient, 3, 2), again(1000));
    assert_eq!(decide(Fault::Transient, 99, 0), again(30_000));
    let dead = Forwarding::DeadLetter("retries");
    assert_eq!(decide(Fault::Transient, 3, 3), dead);
    assert_eq!(decide(Fault::Destination, 9, 9), Forwarding::Pause);
    let refused = Forwarding::DeadLetter("refused");
    assert_eq!(decide(Fault::Content, 1, 0), refused);
}

#[test]
fn each_case_has_one_answer() {
    use Disposition::{Again, Ask, Compare, DeadLetter, Divide, Pause, Retry, Wait};
    use Fault::{Content, Destination, Excess, Pressure, Transient, Unanswered};
    use Part::{Alone, Some, Whole};
    use Probe::{Agrees, Refuses, StoresOthers, Unasked, Unproven};
    const UNANSWERED: Disposition = DeadLetter("unanswered");
    let ms = Duration::from_millis;
    let table = [
        // Cause, attempts, part, probe, failures so far: decision.
        (Destination, 1, Whole, Unasked, 0, Pause),
        (Destination, 99, Alone, Unasked, 9, Pause),
        (Content, 1, Whole, Unasked, 0, Divide),
        (Content, 1, Some, Unasked, 9, Divide),
        (Content, 1, Alone, Unasked, 0, DeadLetter("refused")),
        (Pressure, 1, Whole, Unasked, 9, Again(ms(1000))),
        (Pressure, 4, Alone, Unasked, 9, Again(ms(5000))),
        (Pressure, 8, Whole, Unasked, 9, Pause),
        (Transient, 1, Whole, Unasked, 9, Again(ms(100))),
        (Transient, 7, Whole, Unasked, 9, Again(ms(5000))),
        (Transient, 8, Whole, Unasked, 0, Ask),
        (Transient, 3, Some, Unasked, 0, Ask),
        (Transient, 8, Whole, Refuses, 9, Pause),
        (Transient, 8, Whole, Agrees, 0, Retry(ms(5000))),
        (Transient, 8, Whole, Agrees, 1, Retry(ms(10_000))),
        (Transient, 8, Whole, Agrees, 2, Divide),
        (Transient, 3, Some, Agrees, 2, Divide),
        (Transient, 5, Alone, Agrees, 1, Retry(ms(10_000))),
        (Transient, 5, Alone, Agrees, 2, Compare),
        (Transient, 5, Alone, StoresOthers, 2, DeadLetter("retries")),
        (Transient, 5, Alone, Unproven, 2, Wait(LONG)),
        (Unanswered, 1, Whole, Unasked, 0, Again(ms(100))),
        (Unanswered, 3, Whole, Unasked, 0, Ask),
        (Unanswered, 3, Whole, Refuses, 0, Pause),
        (Unanswered, 3, Whole, Agrees, 0, Divide),
        (Unanswered, 1, Some, Unasked, 0, Again(ms(100))),
        (Unanswered, 2, Some, Agrees, 9, Divide),
        (Unanswered, 3, Alone, Agrees, 1, Retry(ms(10_000))),
        (Unanswered, 3, Alone, Unproven, 1, Retry(ms(10_000))),
        (Unanswered, 3, Alone, StoresOthers, 1, UNANSWERED),
        (Unanswered, 3, Alone, Unproven, 2, Wait(SHORT)),
        (Excess, 1, Whole, Unasked, 0, Again(ms(1000))),
        (Excess, 3, Whole, Agrees, 0, Divide),
        (Excess, 2, Some, Agrees, 0, Divide),
        (Excess, 3, Alone, Agrees, 2, Compare),
        (Excess, 3, Alone, StoresOthers, 2, DeadLetter("retries")),
    ];
    for (fault, attempts, part, probe, failures, expected) in table {
        let case = Case {
            cause: Cause::Store(fault),
            attempts,
            part,
            probe,
            failures,
            retries: 2,
            last_resort: false,
        };
        assert_eq!(decide(&case, 1.0), expected, "{case:?}");
        let last = Case {
            last_resort: true,
            ..case
        };
        let expected = match expected {
            DeadLetter(_) => Wait(LONG),
            other => other,
        };
        assert_eq!(decide(&last, 1.0), expected, "{last:?}");
    }
    let panicked = |failures| Case {
        cause: Cause::Panic,
        attempts: 1,
        part: Alone,
        probe: Unasked,
        failures,
        retries: 2,
        last_resort: false,
    };
    assert_eq!(decide(&panicked(0), 1.0), Retry(ms(5000)));
    assert_eq!(decide(&panicked(2), 1.0), DeadLetter("panic"));
}
