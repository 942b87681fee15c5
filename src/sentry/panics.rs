//! Panics: a hook that reports each, whoever catches it.

use std::any::Any;
use std::backtrace::Backtrace;
use std::collections::BTreeMap;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use super::Reporter;
use super::report::{Frame, Report};

/// Maximum number of frames of a report.
const FRAMES: usize = 64;

/// What stands in place of a message that was put together when it panicked: it may hold what somebody has sent.
const WITHHELD: &str = "a panic whose message isn't a part of the code; the log has it";

/// Reports panics from now on, beside what was done about them before.
pub(super) fn watch(reporter: Arc<Reporter>) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        report(&reporter, info);
    }));
}

fn report(reporter: &Reporter, info: &PanicHookInfo<'_>) {
    let (file, line) = info.location().map_or(("", 0), |at| (at.file(), at.line()));
    let Some(left_out) = reporter.admit(file, line) else {
        return;
    };
    let frames = frames(&Backtrace::force_capture().to_string());
    reporter.send(Report {
        level: "fatal",
        message: message(info.payload()).to_owned(),
        module: "panic".to_owned(),
        file: file.to_owned(),
        line,
        tags: BTreeMap::new(),
        frames: Some(frames),
        left_out,
    });
}

/// The message of a panic, if it is a part of the code.
fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or(WITHHELD)
}

/// Frames of a backtrace as the standard library prints it, from where the panic began.
fn frames(text: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            let mut parts = place.rsplitn(3, ':');
            let (_column, number, file) = (parts.next(), parts.next(), parts.next());
            if let (Some(frame), Some(file)) = (frames.last_mut(), file) {
                frame.file = Some(file.to_owned());
                frame.line = number.and_then(|number| number.parse().ok());
            }
        } else if let Some((number, function)) = line.split_once(": ")
            && number.parse::<u32>().is_ok()
        {
            frames.push(Frame {
                function: function.to_owned(),
                ..Frame::default()
            });
        }
    }
    // What panicking itself does is the same each time. The frames of a thread's start are named alike, but for these.
    let is_machinery = |frame: &Frame| {
        let starts = [
            "core::panicking",
            "rust_begin_unwind",
            "__rustc::rust_begin",
        ];
        starts.iter().any(|start| frame.function.starts_with(start))
    };
    let begins = frames.iter().rposition(is_machinery).map_or(0, |at| at + 1);
    frames.drain(..begins);
    frames.truncate(FRAMES);
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::panic, reason = "it is what is reported")]
    fn a_message_that_was_put_together_is_withheld() {
        let payload = |run: fn()| std::panic::catch_unwind(run).err();
        let told = |run| payload(run).map(|payload| message(&*payload).to_owned());
        assert_eq!(told(|| panic!("plain")).as_deref(), Some("plain"));
        let secret = || {
            let text = String::from("hush");
            panic!("made of {text}");
        };
        assert_eq!(told(secret).as_deref(), Some(WITHHELD));
    }

    #[test]
    fn frames_begin_where_the_panic_did() {
        let text = "   0: std::backtrace::Backtrace::create\n   1: std::panicking::begin_panic_handler\n             at /rustc/x/library/std/src/panicking.rs:689:5\n   2: core::panicking::panic_fmt\n   3: event_grpc::worker::append::append\n             at ./src/worker/append.rs:27:9\n   4: <T as event_grpc::Trait>::call\n";
        let found = frames(text);
        let expected = Frame {
            function: "event_grpc::worker::append::append".to_owned(),
            file: Some("./src/worker/append.rs".to_owned()),
            line: Some(27),
        };
        assert_eq!(found.len(), 2);
        assert_eq!(found.first(), Some(&expected));
        // As it is printed here and now, too.
        let now = frames(&Backtrace::force_capture().to_string());
        let this = "frames_begin_where_the_panic_did";
        assert!(
            now.iter().any(|frame| frame.function.contains(this)),
            "{now:?}"
        );
    }
}
