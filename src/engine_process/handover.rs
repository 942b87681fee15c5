//! Handover of the accounts: from the server over standard input, to the engine over pipes.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, PipeReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use rustix::io::FdFlags;

/// Maximum length of the accounts in bytes. A pipe holds that much without a reader.
const LONGEST: u64 = 32 << 10;

/// Pipes with the engine's configuration and its users. Each can be read once.
pub(super) struct Configuration {
    main: PipeReader,
    _users: PipeReader,
}

/// Reads the accounts, which end with a zero byte.
pub(super) fn read(from: &mut File) -> anyhow::Result<String> {
    let mut text = Vec::new();
    BufReader::with_capacity(1, from)
        .take(LONGEST)
        .read_until(0, &mut text)
        .context("can't read the accounts")?;
    ensure!(text.pop() == Some(0), "the accounts are not complete");
    String::from_utf8(text).context("the accounts are not text")
}

impl Configuration {
    /// Writes both into pipes that a process which this one starts inherits.
    pub(super) fn new(users: &str, admission: &str) -> io::Result<Self> {
        let users = filled(users)?;
        let main = filled(&configuration(&place(&users), admission))?;
        Ok(Self {
            main,
            _users: users,
        })
    }

    /// Path under which the engine finds the configuration.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(place(&self.main))
    }
}

fn place(pipe: &PipeReader) -> String {
    format!("/dev/fd/{}", pipe.as_raw_fd())
}

fn filled(text: &str) -> io::Result<PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    rustix::io::fcntl_setfd(&reader, FdFlags::empty())?;
    writer.write_all(text.as_bytes())?;
    Ok(reader)
}

fn configuration(users: &str, admission: &str) -> String {
    format!(
        "<clickhouse>
    <user_directories><users_xml><path>{users}</path></users_xml></user_directories>
    <http_authentication_servers>
        <start><uri>{admission}</uri><max_tries>1</max_tries></start>
    </http_authentication_servers>
    <access_control_improvements>
        <users_without_row_policies_can_read_rows>true</users_without_row_policies_can_read_rows>
        <on_cluster_queries_require_cluster_grant>true</on_cluster_queries_require_cluster_grant>
        <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
        <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
        <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
        <table_engines_require_grant>true</table_engines_require_grant>
        <enable_read_write_grants>true</enable_read_write_grants>
    </access_control_improvements>
</clickhouse>
"
    )
}
