"""The unit's system calls: an instance with the embedded engine starts, stores an event and stops where it may make no others.

Arguments: the unit, and the program. Needs python3-seccomp. systemd itself isn't run: its words are expanded by
`systemd-analyze syscall-filter`, and the filter is loaded as systemd would load it.
"""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import seccomp

# systemd adds what a process needs to begin and to end.
ALWAYS = {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"}
NOBODY = 65534
EVENT = b'{"header":{"userId":"7"},"events":[{"id":"c","addToCartEvent":{"productId":"42"}}]}'


def members(word):
    """System calls of a group, or the one that a word names."""
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
    lines = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return set().union(*(members(line) for line in lines if line and not line.startswith("#")))


def allowed(unit):
    found = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        names = set().union(*(members(word) for word in line.lstrip("~").split()))
        found = found - names if line.startswith("~") else found | names
    return found | members("@default") | ALWAYS


def confine(names):
    action = seccomp.ERRNO(errno.EPERM)
    filters = seccomp.SyscallFilter(action)
    for name in sorted(names):
        try:
            filters.add_rule(seccomp.ALLOW, name)
        except (RuntimeError, ValueError, OSError):
            pass  # A call of another architecture.

    def load():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        filters.load()

    return load


def main(unit, program):
    names = allowed(open(unit).read())
    with tempfile.TemporaryDirectory() as place:
        # Another user can't reach everything that this one can.
        os.chmod(place, 0o755)
        copy = shutil.copy(program, os.path.join(place, "event-grpc"))
        if not cached():
            run(copy, place, "unconfined", [], None)
        engine = shutil.copy(cached(), os.path.join(place, "libchdb.so"))
        os.chmod(engine, 0o755)
        run(copy, place, "confined", ["--engine-path", engine], confine(names))


def run(program, place, name, arguments, before):
    """Starts a server, sends it an event, and ends it."""
    home = os.path.join(place, name)
    os.mkdir(home)
    if before and os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)
    arguments = [program, "serve", "--log-format", "json", "--data", home + "/data", *arguments]
    arguments += ["--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVENT_GRPC_")}
    log = os.path.join(place, name + ".log")
    with open(log, "w") as errors:
        server = subprocess.Popen(arguments, cwd=home, env=clean, stderr=errors, preexec_fn=before)
    try:
        http = serving(server, log)
        request = urllib.request.Request(f"http://{http}/event/dispatch", EVENT, {"content-type": "application/json"})
        answer = json.load(urllib.request.urlopen(request, timeout=30))
        assert answer == {"accepted": 1, "status": "SUCCESS"}, answer
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0, open(log).read()
    finally:
        server.kill()


def cached():
    """The engine that the server has fetched, or is told to take."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "event-grpc/engine")
    found = [os.path.join(folder, version, "libchdb.so") for version in sorted(os.listdir(folder))] if os.path.isdir(folder) else []
    given = os.environ.get("EVENT_GRPC_ENGINE_PATH")
    return given or next((engine for engine in reversed(found) if os.path.isfile(engine)), None)


def serving(server, log):
    for _ in range(6000):
        text = open(log).read()
        for line in text.splitlines():
            if line.startswith("{") and json.loads(line).get("message") == "Serving.":
                return json.loads(line)["http"]
        if server.poll() is not None:
            sys.exit(f"the server ended ({server.returncode}): {text}")
        time.sleep(0.1)
    sys.exit(f"the server doesn't serve: {text}")


main(*sys.argv[1:])
