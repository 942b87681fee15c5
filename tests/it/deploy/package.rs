//! The Debian package: what is done when it is installed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tokio::process::Command;

use super::{path, succeeds, text};

/// dpkg doesn't bring a file of settings back that somebody has deleted.
#[tokio::test]
async fn it_is_configured_where_the_settings_were_deleted() {
    let settings = "/etc/event-grpc/event-grpc.env";
    if fs::exists(settings).unwrap() {
        // This machine has it installed.
        return;
    }
    let place = tempfile::tempdir().unwrap();
    for program in ["systemd-sysusers", "chown", "chmod", "systemctl"] {
        let stub = format!(
            "#!/bin/sh\necho \"{program} $*\" >>{}/done\n[ \"$2\" != {settings} ]\n",
            place.path().display()
        );
        let file = place.path().join(program);
        fs::write(&file, stub).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut script = Command::new("/bin/sh");
    script.arg(path("deploy/debian/postinst")).arg("configure");
    succeeds(script.env("PATH", place.path())).await;
    let done = fs::read_to_string(place.path().join("done")).unwrap();
    for wanted in [
        "systemd-sysusers event-grpc.conf\n",
        "chown root:event-grpc /etc/event-grpc\n",
        "chmod 750 /etc/event-grpc\n",
    ] {
        assert!(done.contains(wanted), "{done}");
    }
    assert!(!done.contains(settings), "{done}");
    let control = text("deploy/debian/control");
    let depends = control.lines().find(|line| line.starts_with("Depends:"));
    let sysusers = "systemd | systemd-standalone-sysusers";
    assert!(
        depends.is_some_and(|depends| depends.contains(sysusers)),
        "{depends:?}"
    );
}
