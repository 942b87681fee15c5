//! How many descriptors the process may open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than this is never asked for: a child that closes what it inherits would be busy for long.
const MOST: u64 = 1 << 20;

/// Raises the limit of open files to the hard limit, and returns what it is then.
pub fn raise() -> u64 {
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.unwrap_or(MOST).min(MOST);
    let current = now.current.unwrap_or(MOST);
    if current >= wanted {
        return current;
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum: now.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(limit = current, %error, "The limit of open files could not be raised.");
            current
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_limit_is_raised_once_and_stays() {
        let raised = super::raise();
        assert!(raised > 0);
        assert_eq!(super::raise(), raised);
    }
}
