//! `deploy/rolling.sh`, between two instances behind the documented load balancer, under a load.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use event_grpc::sink::clickhouse::ClickHouse;
use http::Method;
use rustix::process::{Pid, Signal, kill_process};

use super::balancer::Balancer;
use super::instance::{Ports, SECRET, Shared};
use super::load::Load;
use super::{eventually, url};
use crate::clickhouse::support::in_database;
use crate::http::request;
use crate::support::topology::Vhost;

/// A number that no event type has, so that every build keeps its events.
const UNKNOWN: u32 = 15_000;

/// Instances that shell commands start and stop, as an init system would. Those that are left are killed when this is dropped.
struct Services {
    place: PathBuf,
    instances: [(&'static str, Ports); 2],
}

impl Services {
    /// Writes the commands: `service start NAME`, `service stop NAME`.
    fn new(place: &Path, build: &Path, shared: &Shared, ports: [Ports; 2]) -> Services {
        let place = place.to_owned();
        let instances = [("one", ports[0]), ("two", ports[1])];
        let mut cases = String::new();
        for (name, ports) in &instances {
            let listen = format!(
                "--grpc-listen 127.0.0.1:{} --http-listen 127.0.0.1:{} --ops-listen 127.0.0.1:{}",
                ports.grpc, ports.http, ports.ops
            );
            cases += &format!("  {name}) listen='{listen}' ;;\n");
        }
        let script = format!(
            "#!/bin/sh\nset -eu\ncd {place}\ncase $2 in\n{cases}esac\nif [ $1 = stop ]; then\n  pid=$(cat $2.pid)\n  kill $pid\n  \
             while kill -0 $pid 2>/dev/null; do sleep 0.1; done\n  rm $2.pid\n  exit\nfi\n\
             {build} serve $listen --amqp-url '{amqp}' --clickhouse-url '{clickhouse}' --notice-seconds 4 </dev/null >>$2.log 2>&1 &\n\
             echo $! >$2.pid\n",
            place = place.display(),
            build = build.display(),
            amqp = shared.amqp,
            clickhouse = shared.clickhouse,
        );
        let service = place.join("service");
        fs::write(&service, script).unwrap();
        fs::set_permissions(&service, fs::Permissions::from_mode(0o755)).unwrap();
        Services { place, instances }
    }

    fn start(&self, name: &str) {
        let mut start = Command::new(self.place.join("service"));
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("EVENT_GRPC_") {
                start.env_remove(variable);
            }
        }
        start.env("SHOPIFY_WEBHOOK_SECRET", SECRET);
        assert!(start.args(["start", name]).status().unwrap().success());
    }

    /// Process of an instance, if it was started.
    fn pid(&self, name: &str) -> Option<Pid> {
        let text = fs::read_to_string(self.place.join(format!("{name}.pid"))).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    /// The script, with these arguments behind those that name the instances' operations.
    fn script(&self, arguments: &[&str]) -> tokio::process::Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/rolling.sh");
        let service = self.place.join("service").display().to_string();
        let mut command = tokio::process::Command::new("sh");
        command.arg(script).kill_on_drop(true);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("EVENT_GRPC_") {
                command.env_remove(variable);
            }
        }
        command.env("SHOPIFY_WEBHOOK_SECRET", SECRET);
        command.args([
            "--stop",
            &format!("{service} stop $(cat {}/$1.name)", self.place.display()),
        ]);
        command.args([
            "--start",
            &format!("{service} start $(cat {}/$1.name)", self.place.display()),
        ]);
        for (name, ports) in &self.instances {
            fs::write(self.place.join(format!("{}.name", ports.ops)), name).unwrap();
        }
        command.args(["--ops", "http://127.0.0.1:{}", "--limit", "60"]);
        command.args(arguments);
        command.args(
            self.instances
                .iter()
                .map(|(_, ports)| ports.ops.to_string()),
        );
        command
    }

    async fn heartbeat(&self, at: usize) -> u16 {
        let url = format!("http://127.0.0.1:{}/heartbeat/", self.instances[at].1.ops);
        request(Method::GET, &url, &[], "").await.status
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        for (name, _) in self.instances {
            if let Some(pid) = self.pid(name) {
                // It may have ended.
                kill_process(pid, Signal::KILL).ok();
            }
        }
    }
}

/// Replaces two instances by the script while clients send, and looks what it does when something goes wrong.
pub(crate) async fn replaces_both(build: &Path) {
    let vhost = Vhost::create();
    let place = tempfile::tempdir().unwrap();
    in_database("rolling_script", async |store| {
        let shared = Shared {
            amqp: vhost.url(),
            clickhouse: url(&store),
            logs: place.path().to_owned(),
        };
        shared.migrate(build);
        let ports = [Ports::free(), Ports::free()];
        let balancer = Balancer::start(place.path(), ports);
        let services = Services::new(place.path(), build, &shared, ports);
        for name in ["one", "two"] {
            services.start(name);
            balancer.has_up(name).await;
        }
        let load = Load::start(balancer.front(), UNKNOWN).await;
        let before = [services.pid("one"), services.pid("two")];
        // The load balancer marks an instance down after two checks, and up after two.
        let output = services.script(&["--settle", "5"]).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}{errors}");
        assert!(said.contains("all instances are replaced"), "{said}");
        let after = [services.pid("one"), services.pid("two")];
        assert!(
            before[0] != after[0] && before[1] != after[1],
            "{before:?} {after:?}"
        );
        let sent = load.end().await;
        assert_eq!(sent.failures, [""; 0], "of {} requests", sent.requests);
        assert!(sent.known > 100 && sent.hooks > 20, "{sent:?}");
        stored(&store, sent.known, sent.hooks).await;
        what_goes_wrong_is_put_back(&services).await;
    })
    .await;
    vhost.delete();
}

/// An instance that was drained and can't be stopped wants traffic again, and the other one was never touched.
async fn what_goes_wrong_is_put_back(services: &Services) {
    let before = [services.pid("one"), services.pid("two")];
    for (wrong, why) in [
        (["--down", "false"], "doesn't mark it down"),
        (["--stop", "false"], "can't be stopped"),
    ] {
        let usual = ["--settle", "0", "--limit", "1"];
        let mut script = services.script(&[&usual[..], &wrong].concat());
        let output = script.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(errors.contains(why), "{errors}");
        assert!(said.contains("wants traffic again: 200"), "{said}");
        assert_eq!([services.pid("one"), services.pid("two")], before);
        assert_eq!(
            (services.heartbeat(0).await, services.heartbeat(1).await),
            (200, 200)
        );
    }
    // Without the other one nothing is begun.
    let two = services.instances[1].1.ops;
    let url = format!("http://127.0.0.1:{two}/heartbeat/?beat=false");
    assert_eq!(request(Method::PUT, &url, &[], "").await.status, 410);
    let output = services.script(&["--settle", "0"]).output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && errors.contains("doesn't want traffic"),
        "{errors}"
    );
    assert_eq!(services.heartbeat(0).await, 200);
    assert_eq!([services.pid("one"), services.pid("two")], before);
}

async fn stored(store: &ClickHouse, events: u64, hooks: u64) {
    eventually(store, "SELECT count() FROM DB.event FINAL", events).await;
    eventually(store, "SELECT uniqExact(event_id) FROM DB.event", events).await;
    eventually(store, "SELECT count() FROM DB.shopify_event FINAL", hooks).await;
}
