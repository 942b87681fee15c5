//! File descriptor limit of the process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Upper bound on the limit that is requested: a child that closes inherited descriptors would be busy for long.
const MOST: u64 = 1 << 20;

/// Raises the limit of open files to the hard limit, and returns the limit that holds then.
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
