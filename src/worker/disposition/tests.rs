//! Decision tables: every combination of facts.

use super::unit::{LONG, SHORT};
use super::*;
use crate::dead_letter::Class;
use crate::sink::Fault;
use crate::sink::requests::RequestError;

const FAULTS: [Fault; 6] = [
    Fault::Destination,
    Fault::Transient,
    Fault::Unanswered,
    Fault::Excess,
    Fault::Content,
    Fault::Pressure,
];

const PARTS: [Part; 3] = [Part::Whole, Part::Some, Part::Alone];

const PASSING: [Passing; 3] = [Passing::Transient, Passing::Unanswered, Passing::Excess];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Remaining retries of a message after so many failures, of two.
fn chances(failures: u32) -> Chances {
    Chances {
        failures,
        retries: 2,
        last_resort: false,
    }
}

#[test]
fn a_block_is_tried_so_often_and_then_its_units_are_judged_or_its_table_is_paused() {
    // Tries of a whole block, a part of one and a unit alone, the first pause, and what comes then.
    let ask = |passing| BlockStep::Ask(UnitFault::Passing(passing));
    let row = |fault| match fault {
        Fault::Destination => ([1, 1, 1], 0, BlockStep::Pause),
        Fault::Content => ([1, 1, 1], 0, BlockStep::Judge(UnitFault::Refused)),
        Fault::Pressure => ([8, 8, 8], 1000, BlockStep::Pause),
        Fault::Transient => ([8, 3, 5], 100, ask(Passing::Transient)),
        Fault::Unanswered => ([3, 2, 3], 100, ask(Passing::Unanswered)),
        Fault::Excess => ([3, 2, 3], 1000, ask(Passing::Excess)),
    };
    for fault in FAULTS {
        let (tries, first, then) = row(fault);
        for (part, tries) in PARTS.into_iter().zip(tries) {
            for attempts in 1..=20 {
                let case = BlockCase {
                    fault,
                    attempts,
                    part,
                };
                let expected = match attempts < tries {
                    true => BlockStep::Again(ms((first << (attempts - 1)).min(5000))),
                    false => then,
                };
                assert_eq!(decide_block(case, 1.0), expected, "{case:?}");
            }
        }
    }
}

#[test]
fn a_unit_of_a_block_has_one_answer_in_each_case() {
    use UnitEnd::{DeadLetter, Retry};
    use UnitStep::{Bisect, Compare, End};
    let retry = |failures: u32| End(Retry(ms(5000 << failures)));
    let dead = |class| [End(DeadLetter(class)); 3];
    let passing = UnitFault::Passing;
    let table = [
        // What failed, whether it was alone, and what happens after none, one and two failures.
        (UnitFault::Refused, false, [Bisect; 3]),
        (UnitFault::Refused, true, dead(Class::Refused)),
        (UnitFault::GoneAway, false, dead(Class::Unanswered)),
        (UnitFault::GoneAway, true, dead(Class::Unanswered)),
        (
            passing(Passing::Transient),
            false,
            [retry(0), retry(1), Bisect],
        ),
        (
            passing(Passing::Transient),
            true,
            [retry(0), retry(1), Compare(Passing::Transient)],
        ),
        (passing(Passing::Unanswered), false, [Bisect; 3]),
        (
            passing(Passing::Unanswered),
            true,
            [Compare(Passing::Unanswered); 3],
        ),
        (passing(Passing::Excess), false, [Bisect; 3]),
        (
            passing(Passing::Excess),
            true,
            [Compare(Passing::Excess); 3],
        ),
    ];
    for (fault, alone, expected) in table {
        for (failures, expected) in (0..).zip(expected) {
            let case = UnitCase {
                fault,
                alone,
                chances: chances(failures),
            };
            assert_eq!(decide_unit(case, 1.0), expected, "{case:?}");
            let expected = match expected {
                End(end) => End(kept(end)),
                other => other,
            };
            let case = UnitCase {
                chances: last_resort(case.chances),
                ..case
            };
            assert_eq!(decide_unit(case, 1.0), expected, "{case:?}");
        }
    }
}

#[test]
fn a_unit_that_was_compared_ends_in_one_way() {
    use UnitEnd::{DeadLetter, Retry, Wait};
    let retried = [Retry(ms(5000)), Retry(ms(10_000)), Wait(SHORT)];
    let row = |passing, stores_others| match (passing, stores_others) {
        (Passing::Transient | Passing::Excess, true) => [DeadLetter(Class::Retries); 3],
        (Passing::Unanswered, true) => [DeadLetter(Class::Unanswered); 3],
        (Passing::Transient, false) => [Wait(LONG); 3],
        (Passing::Unanswered | Passing::Excess, false) => retried,
    };
    for passing in PASSING {
        for stores_others in [true, false] {
            for (failures, expected) in (0..).zip(row(passing, stores_others)) {
                let decide = |chances| decide_compared(passing, stores_others, chances, 1.0);
                let what = format!("{passing:?}, {stores_others}, {failures}");
                assert_eq!(decide(chances(failures)), expected, "{what}");
                let last = last_resort(chances(failures));
                assert_eq!(decide(last), kept(expected), "{what}");
            }
        }
    }
}

#[test]
fn what_the_build_panics_at_is_retried_and_then_a_dead_letter() {
    let ends = [
        UnitEnd::Retry(ms(5000)),
        UnitEnd::Retry(ms(10_000)),
        UnitEnd::DeadLetter(Class::Panic),
    ];
    for (failures, end) in (0..).zip(ends) {
        assert_eq!(decide_panicked(chances(failures), 1.0), end);
        let last = last_resort(chances(failures));
        assert_eq!(decide_panicked(last, 1.0), kept(end));
    }
    let long_gone = decide_panicked(
        Chances {
            failures: 8,
            retries: 9,
            last_resort: false,
        },
        1.0,
    );
    assert_eq!(long_gone, UnitEnd::Retry(Duration::from_secs(60)));
}

#[test]
fn pauses_differ_by_up_to_a_half() {
    let case = BlockCase {
        fault: Fault::Transient,
        attempts: 1,
        part: Part::Whole,
    };
    assert_eq!(decide_block(case, 0.0), BlockStep::Again(ms(50)));
    assert_eq!(decide_panicked(chances(0), 0.5), UnitEnd::Retry(ms(3750)));
}

#[test]
fn a_request_is_repeated_until_too_much_counts_against_the_message() {
    let decide =
        |fault, attempts, failures| decide_request(&error(fault), attempts, failures, 2, 1.0);
    for fault in FAULTS {
        for attempts in 1..=20 {
            for failures in 0..=5 {
                let again = Forwarding::Again(ms((250 << (attempts - 1)).min(30_000)));
                let expected = match fault {
                    Fault::Destination => Forwarding::Pause,
                    Fault::Content => Forwarding::DeadLetter(Class::Refused),
                    Fault::Transient | Fault::Unanswered | Fault::Excess | Fault::Pressure => {
                        match failures {
                            0..=2 => again,
                            _ => Forwarding::DeadLetter(Class::Retries),
                        }
                    }
                };
                assert_eq!(
                    decide(fault, attempts, failures),
                    expected,
                    "{fault:?}, {attempts}, {failures}"
                );
            }
        }
    }
    assert_eq!(
        decide(Fault::Transient, 99, 0),
        Forwarding::Again(ms(30_000))
    );
}

fn error(fault: Fault) -> RequestError {
    RequestError {
        fault,
        status: None,
        retry_after: None,
        message: String::new(),
    }
}

fn last_resort(chances: Chances) -> Chances {
    Chances {
        last_resort: true,
        ..chances
    }
}

/// The end of a unit without a place for dead letters.
fn kept(end: UnitEnd) -> UnitEnd {
    match end {
        UnitEnd::DeadLetter(_) => UnitEnd::Wait(LONG),
        UnitEnd::Retry(_) | UnitEnd::Wait(_) => end,
    }
}
