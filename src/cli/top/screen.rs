//! Screen: the terminal while the board is shown on it.

use std::time::Duration;

use console::{Key, Term, truncate_str};
use tokio::sync::mpsc;

/// Other screen, without a cursor; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// Top left; the rest of a line; the rest of the screen.
const HOME: &str = "\x1b[H";
const END_OF_LINE: &str = "\x1b[K";
const END_OF_SCREEN: &str = "\x1b[J";

/// The terminal, on its other screen until this is dropped.
pub(super) struct Screen {
    term: Term,
    /// Ends when somebody wants to leave.
    quit: mpsc::Receiver<()>,
    first: bool,
}

impl Screen {
    /// Enters the other screen.
    pub(super) fn open() -> anyhow::Result<Self> {
        let term = Term::stdout();
        term.write_str(ENTER)?;
        let (leaves, quit) = mpsc::channel(1);
        let keys = term.clone();
        // It waits for a key, and nothing can wake it: it ends with the process.
        std::thread::spawn(move || {
            loop {
                match keys.read_key() {
                    Ok(Key::Char('q' | 'Q') | Key::Escape | Key::CtrlC) | Err(_) => break,
                    Ok(_) => {}
                }
            }
            drop(leaves);
        });
        Ok(Screen {
            term,
            quit,
            first: true,
        })
    }

    /// Waits until the next reading is due; false if somebody wants to leave.
    pub(super) async fn goes_on(&mut self, interval: Duration) -> bool {
        let interval = match std::mem::take(&mut self.first) {
            true => Duration::from_millis(500).min(interval),
            false => interval,
        };
        tokio::select! {
            _ = self.quit.recv() => false,
            ended = tokio::signal::ctrl_c() => ended.is_err(),
            () = tokio::time::sleep(interval) => true,
        }
    }

    /// Shows as many lines as there is room for, cut to the width that the terminal has now.
    pub(super) fn show(&self, lines: &[String]) -> anyhow::Result<()> {
        let (height, width) = self.term.size();
        let (height, width) = (usize::from(height), usize::from(width));
        let room = height.saturating_sub(1);
        let mut text = String::from(HOME);
        for line in lines.iter().take(room) {
            text.push_str(&truncate_str(line, width, "…"));
            text.push_str(END_OF_LINE);
            text.push_str("\r\n");
        }
        text.push_str(END_OF_SCREEN);
        let left = lines.len().saturating_sub(room);
        let foot = match left {
            0 => "q: quit".to_owned(),
            left => format!("q: quit   {left} lines more: a larger terminal shows them"),
        };
        text.push_str(&truncate_str(&foot, width, "…"));
        Ok(self.term.write_str(&text)?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The terminal may be gone.
        self.term.write_str(LEAVE).ok();
    }
}
