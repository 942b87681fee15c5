//! User agent parser: browser, system and device.
//!
//! Browser, system and device come from the public data of uap-core (`assets/uap-core`); the rest is read from the user
//! agent's comment, `Mozilla/5.0 (Linux; U; en-US; ...)`.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use ua_parser::{Extractor, Regexes};

/// Longer ones are cut before they are looked at.
const LONGEST: usize = 1024;

/// Size of each of the two generations of the cache.
const REMEMBERED: usize = 4096;

/// Parsed user agent; parts that it doesn't name are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// The version of Mozilla that it claims to be like, such as `5.0`.
    pub mozilla: String,
    /// Beginning of its comment: `Linux`, `iPhone`, `Windows`.
    pub platform: String,
    /// The system as the comment writes it: `Android 10`, `Windows NT 10.0`.
    pub os: String,
    /// The system's name: `Android`, `iOS`.
    pub os_name: String,
    /// Name and version of the system.
    pub os_full_name: String,
    /// The system's version.
    pub os_version: String,
    /// The language, such as `en-US`.
    pub localization: String,
    /// The device's model.
    pub model: String,
    /// The browser's name.
    pub browser_name: String,
    /// The browser's version.
    pub browser_version: String,
    /// True if it is a crawler or another program.
    pub bot: bool,
    /// True if it runs on a phone or a tablet.
    pub mobile: bool,
}

/// Cache of parsed user agents, in two generations. When the younger one is full, it becomes the older one: entries in
/// use survive, and the size stays bounded.
#[derive(Debug, Default)]
struct Lately {
    younger: HashMap<String, Arc<UserAgent>>,
    older: HashMap<String, Arc<UserAgent>>,
}

static LATELY: LazyLock<Mutex<Lately>> = LazyLock::new(Mutex::default);

/// Made once; none if the data doesn't load, which a test would show.
static EXTRACTOR: LazyLock<Option<Extractor<'static>>> = LazyLock::new(|| {
    let data = include_str!("../../assets/uap-core/regexes.yaml");
    let regexes: Regexes<'static> = serde_yaml::from_str(data).ok()?;
    Extractor::try_from(regexes).ok()
});

/// Reads a user agent, or remembers what was read.
pub fn user_agent(text: &str) -> Arc<UserAgent> {
    let text = text
        .get(..text.floor_char_boundary(LONGEST))
        .unwrap_or_default();
    let lately = || LATELY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lately().get(text) {
        return known;
    }
    // Others may go on while this takes its time.
    let read = Arc::new(UserAgent::read(text));
    lately().put(text, &read);
    read
}

// === impl Lately ===

impl Lately {
    fn get(&mut self, text: &str) -> Option<Arc<UserAgent>> {
        if let Some(known) = self.younger.get(text) {
            return Some(Arc::clone(known));
        }
        let known = self.older.get(text).map(Arc::clone)?;
        self.put(text, &known);
        Some(known)
    }

    fn put(&mut self, text: &str, read: &Arc<UserAgent>) {
        if self.younger.len() >= REMEMBERED {
            self.older = mem::take(&mut self.younger);
        }
        self.younger.insert(text.to_owned(), Arc::clone(read));
    }
}

// === impl UserAgent ===

impl UserAgent {
    fn read(text: &str) -> UserAgent {
        let mut read = UserAgent::default();
        read.read_comment(text);
        let Some(extractor) = EXTRACTOR.as_ref() else {
            return read;
        };
        let (browser, os, device) = extractor.extract(text);
        if let Some(browser) = browser {
            let version = [browser.major, browser.minor, browser.patch];
            read.browser_version = dotted(version);
            read.browser_name = browser.family.into_owned();
        }
        if let Some(os) = os {
            let version = [&os.major, &os.minor, &os.patch];
            read.os_version = dotted(version.map(|part| part.as_deref()));
            read.os_name = os.os.into_owned();
            read.os_full_name = format!("{} {}", read.os_name, read.os_version)
                .trim_end()
                .to_owned();
        }
        if let Some(device) = device {
            // This is what the data calls whatever is no device.
            read.bot = device.device == "Spider";
            if !read.bot {
                read.model = device.model.unwrap_or_default().into_owned();
            }
        }
        let handheld = ["Mobi", "Android", "iPhone", "iPad", "iPod"];
        read.mobile = !read.bot && handheld.iter().any(|word| text.contains(word));
        read
    }

    /// Parses the text in front of the first comment, and the comment.
    fn read_comment(&mut self, text: &str) {
        if let Some(rest) = text.strip_prefix("Mozilla/") {
            let end = rest.find([' ', ';', '(']).unwrap_or(rest.len());
            self.mozilla = rest.get(..end).unwrap_or_default().to_owned();
        }
        let comment = text
            .split_once('(')
            .map_or("", |(_, rest)| rest.split(')').next().unwrap_or_default());
        let parts = || comment.split(';').map(str::trim);
        let platform = parts().find(|part| !matches!(*part, "" | "compatible"));
        self.platform = match platform.unwrap_or_default() {
            windows if windows.starts_with("Windows") => "Windows".to_owned(),
            other => other.to_owned(),
        };
        let systems = [
            "Windows",
            "Android",
            "Mac OS X",
            "iPhone OS",
            "CPU OS",
            "CrOS",
        ];
        let system = |part: &&str| systems.iter().any(|name| part.contains(name));
        let linux = || parts().find(|part| part.starts_with("Linux"));
        self.os = parts()
            .find(system)
            .or_else(linux)
            .unwrap_or_default()
            .to_owned();
        self.localization = parts()
            .find(|part| is_language(part))
            .unwrap_or_default()
            .to_owned();
    }
}

/// `en`, `en-US`, `en_us`.
fn is_language(part: &str) -> bool {
    let (language, country) = part.split_once(['-', '_']).unwrap_or((part, "XX"));
    let letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    letters(language) && letters(country) && language.bytes().all(|b| b.is_ascii_lowercase())
}

fn dotted(parts: [Option<&str>; 3]) -> String {
    let known: Vec<&str> = parts.into_iter().map_while(|part| part).collect();
    known.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_says_what_it_is() {
        let phone = user_agent(
            "Mozilla/5.0 (Linux; U; Android 10; en-US; SM-G973F) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/120.0.6099.43 Mobile Safari/537.36",
        );
        let expected = UserAgent {
            mozilla: "5.0".into(),
            platform: "Linux".into(),
            os: "Android 10".into(),
            os_name: "Android".into(),
            os_full_name: "Android 10".into(),
            os_version: "10".into(),
            localization: "en-US".into(),
            model: "SM-G973F".into(),
            browser_name: "Chrome Mobile".into(),
            browser_version: "120.0.6099".into(),
            bot: false,
            mobile: true,
        };
        assert_eq!(*phone, expected);
    }

    #[test]
    fn a_crawler_is_a_bot_and_nothing_is_nothing() {
        let crawler =
            user_agent("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)");
        assert!(crawler.bot && !crawler.mobile, "{crawler:?}");
        assert_eq!(crawler.browser_name, "Googlebot");
        assert_eq!(*user_agent(""), UserAgent::default());
        assert_eq!(user_agent(&"ä(;".repeat(5000)).browser_name, "");
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_asked_for() {
        let mut lately = Lately::default();
        let read = Arc::new(UserAgent::default());
        for n in 0..3 * REMEMBERED {
            lately.put(&n.to_string(), &read);
            assert!(n == 0 || lately.get("0").is_some(), "{n}");
        }
        assert!(lately.younger.len() + lately.older.len() <= 2 * REMEMBERED + 1);
    }
}
