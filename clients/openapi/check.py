#!/usr/bin/env python3
"""Checks openapi.json: as a description, and against a server.

    python3 clients/openapi/check.py [SERVER] [--examples 20] [--seconds 60]

SERVER is the program, target/debug/event-grpc unless it is named. A server is started on free ports of this machine with
data of its own, and stopped at the end. What this needs of PyPI is installed below target/, once.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
DOCUMENT = HERE.parent / "openapi.json"

# What an answer must keep to. What isn't in the description is no mistake of a request here: unknown members are kept.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "positive_data_acceptance",
)


def environment():
    """The folder of the programs that are needed, made if it isn't there."""
    requirements = HERE / "requirements.txt"
    version = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    place = TOP / "target" / f"openapi-venv-{version}"
    programs = place / "bin"
    if not (place / "complete").exists():
        print("Installing the checkers of OpenAPI with pip.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        pip = [programs / "python", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", requirements], check=True)
        (place / "complete").touch()
    return programs


def webhooks(document):
    """The sources that other services post to, by the names of their operations."""
    operations = (item["post"] for item in document["paths"].values() if "post" in item)
    return [operation["operationId"] for operation in operations if "webhooks" in operation["tags"]]


class Server:
    """A server of this machine, which takes webhooks of anybody, and events of those with a key."""

    def __init__(self, program, folder, unverified):
        self.keys = folder / "keys.yaml"
        self.program = program
        self.key = self.new_key("check")
        command = [program, "serve", "--log-format", "json", "--data", folder / "data", "--keys", self.keys]
        for listener in ("grpc", "http", "ops"):
            command += [f"--{listener}-listen", "127.0.0.1:0"]
        command += ["--unverified", ",".join(unverified)]
        self.child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.log = []
        self.url = self.wait()

    def new_key(self, client, *options):
        """Makes a client with a key."""
        command = [self.program, "keys", "new", client, "--keys", self.keys, *options]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        return said.stdout.strip()

    def wait(self):
        """The address, as soon as it serves."""
        found = threading.Event()

        def read():
            for line in self.child.stderr:
                self.log.append(line)
                if '"Serving."' in line:
                    found.set()
            found.set()

        threading.Thread(target=read, daemon=True).start()
        found.wait(60)
        for line in self.log:
            if '"Serving."' in line:
                return "http://" + json.loads(line)["http"]
        self.stop()
        raise SystemExit("the server did not start:\n" + "".join(self.log))

    def stop(self):
        """Ends it."""
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(40)
        except subprocess.TimeoutExpired:
            self.child.kill()


def schemathesis(programs, server, phase, examples, seconds):
    """Requests made of the description; true if each answer is as it says."""
    command = [programs / "st", "--config-file", HERE / "schemathesis.toml", "--no-color", "run", DOCUMENT]
    command += ["--url", server.url, "--header", f"Authorization: Bearer {server.key}"]
    command += ["--max-examples", str(examples), "--max-time", str(seconds), "--seed", "1"]
    command += ["--phases", phase, "--checks", ",".join(CHECKS)]
    command += ["--suppress-health-check", "all", "--warnings", "off"]
    variables = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, env=variables, cwd=folder, timeout=seconds + 120, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr)
    else:
        print(f"{phase}: {' '.join(re.findall('[0-9]+ generated.*', done.stdout))}")
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description="Check openapi.json.")
    parser.add_argument("server", nargs="?", default=TOP / "target/debug/event-grpc", type=pathlib.Path)
    parser.add_argument("--examples", type=int, default=20, help="requests made at random for each operation")
    parser.add_argument("--seconds", type=int, default=60, help="time for all of them")
    arguments = parser.parse_args()
    programs = environment()
    validated = subprocess.run([programs / "openapi-spec-validator", DOCUMENT]).returncode == 0
    with tempfile.TemporaryDirectory() as folder:
        document = json.loads(DOCUMENT.read_text())
        server = Server(arguments.server.resolve(), pathlib.Path(folder), webhooks(document))
        started = time.monotonic()
        try:
            limited = server.new_key("limited", "--events-per-second", "1")
            elsewhere = server.new_key("elsewhere", "--source", "no_source")
            probes = [programs / "python", HERE / "probes.py", server.url]
            keys = json.dumps({"good": server.key, "limited": limited, "elsewhere": elsewhere})
            probed = subprocess.run(probes, input=keys, text=True).returncode == 0
            half = arguments.seconds // 2
            phases = ("coverage", "fuzzing")
            conforms = [schemathesis(programs, server, phase, arguments.examples, half) for phase in phases]
        finally:
            server.stop()
        print(f"openapi.json was checked against a server for {time.monotonic() - started:.0f} s.")
    return 0 if validated and probed and all(conforms) else 1


if __name__ == "__main__":
    sys.exit(main())
