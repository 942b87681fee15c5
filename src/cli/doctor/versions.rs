//! Versions of servers that this build is tested with, and older ones.

use super::finding::{Findings, Level};

/// Server, by the version from which on it is tested.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server {
    name: &'static str,
    /// Oldest version that is tested.
    oldest: [u32; 2],
    /// Newest one.
    newest: [u32; 2],
}

pub(super) const RABBITMQ: Server = Server {
    name: "RabbitMQ",
    oldest: [3, 10],
    newest: [4, 3],
};

pub(super) const CLICKHOUSE: Server = Server {
    name: "ClickHouse",
    oldest: [25, 8],
    newest: [26, 7],
};

pub(super) const POSTGRESQL: Server = Server {
    name: "PostgreSQL",
    oldest: [15, 0],
    newest: [15, u32::MAX],
};

/// Judges the version that a server says it has.
pub(super) fn judge(server: Server, place: &str, version: &str, findings: &mut Findings) {
    let Server {
        name,
        oldest,
        newest,
    } = server;
    let what = format!("{name} {version}");
    match numbers(version) {
        None => findings.add(Level::Note, place, what, "its version can't be told"),
        Some(numbers) if numbers < oldest => {
            let fix = format!(
                "it is older than what this build is tested with ({}): update it, or try it out first",
                shown(oldest)
            );
            findings.add(Level::Warning, place, what, fix);
        }
        Some(numbers) if numbers > newest => {
            let fix = format!(
                "it is newer than what this build is tested with ({}): try it out first",
                shown(newest)
            );
            findings.add(Level::Note, place, what, fix);
        }
        Some(_) => findings.good(place, what),
    }
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<[u32; 2]> {
    let number = |part: &str| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        part.get(..digits)?.parse::<u32>().ok()
    };
    let mut parts = version.trim().split('.');
    let major = number(parts.next()?)?;
    Some([major, parts.next().and_then(number).unwrap_or_default()])
}

fn shown([major, minor]: [u32; 2]) -> String {
    match minor {
        u32::MAX => major.to_string(),
        minor => format!("{major}.{minor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_read_as_servers_write_them() {
        for (version, read) in [
            ("26.7.2.1", Some([26, 7])),
            ("15.8 (Debian 15.8-0+deb12u1)", Some([15, 8])),
            ("17beta1", Some([17, 0])),
            ("4.1.0-rc.1", Some([4, 1])),
            ("", None),
            ("next", None),
        ] {
            assert_eq!(numbers(version), read, "{version}");
        }
    }
}
