"""Refusals that no random request meets: each has to come with the status and the form that openapi.json says."""

import gzip
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

import jsonschema

DOCUMENT = json.loads((pathlib.Path(__file__).resolve().parent.parent / "openapi.json").read_text())

JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}
GOOD = {"header": {"userId": "7"}, "events": [{"addToCartEvent": {"productId": "42"}}]}


def ask(url, body, headers):
    """Status, headers and body of an answer."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def resolve(node):
    """What a reference stands for."""
    while "$ref" in node:
        found = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def faults(path, status, headers, body):
    """What of an answer isn't as described."""
    answers = DOCUMENT["paths"][path]["post"]["responses"]
    if str(status) not in answers:
        return [f"{status} isn't described"]
    answer = resolve(answers[str(status)])
    kind = headers.get_content_type()
    if kind not in answer["content"]:
        return [f"{kind} isn't described for {status}"]
    found = []
    if kind == "application/json":
        schema = {**answer["content"][kind]["schema"], "components": DOCUMENT["components"]}
        validator = jsonschema.Draft202012Validator(schema)
        found += [error.message for error in validator.iter_errors(json.loads(body))]
    if status == 401 and "www-authenticate" not in headers:
        found.append("there is no WWW-Authenticate")
    if status == 429 and int(headers.get("retry-after", 0)) < 1:
        found.append("there is no Retry-After")
    return found


def probes(keys):
    """What is sent to the path of events, and the status that has to come."""
    good = json.dumps(GOOD).encode()
    with_key = {"authorization": f"Bearer {keys['good']}"}
    authorized = {**JSON, **with_key}
    yield "a good request", good, authorized, 200
    yield "a key in x-api-key", good, {**JSON, "x-api-key": keys["good"]}, 200
    yield "no key", good, JSON, 401
    yield "a key of nobody", good, {**JSON, "authorization": "Bearer nobody"}, 401
    yield "a key for another source", good, {**JSON, "authorization": f"Bearer {keys['elsewhere']}"}, 403
    yield "text/plain", good, {"content-type": "text/plain", **with_key}, 415
    yield "an unknown encoding", good, {**authorized, "content-encoding": "x"}, 415
    yield "gzip", gzip.compress(good), {**authorized, "content-encoding": "gzip"}, 200
    yield "gzip that is none", good, {**authorized, "content-encoding": "gzip"}, 400
    yield "JSON that is none", b"{", authorized, 400
    yield "no events", b'{"header": {}, "events": []}', authorized, 400
    yield "an event without a type", b'{"header": {}, "events": [{}]}', authorized, 400
    yield "protobuf that is none", b"\xff" * 9, {**PROTOBUF, **with_key}, 400
    yield "a large body", b" " * (5 << 20), authorized, 413
    yield "a large body that is packed", gzip.compress(b" " * (5 << 20)), {**authorized, "content-encoding": "gzip"}, 413
    limited = {**JSON, "authorization": f"Bearer {keys['limited']}"}
    many = json.dumps({**GOOD, "events": GOOD["events"] * 1000}).encode()
    yield "more events than there may be at once", many, limited, 200
    yield "an event over the rate", good, limited, 429


def main():
    path = "/event/dispatch"
    url = sys.argv[1] + path
    keys = json.load(sys.stdin)
    # The file of keys is read again within two seconds.
    deadline = time.monotonic() + 10
    limited = {**JSON, "authorization": f"Bearer {keys['elsewhere']}"}
    while ask(url, b"{}", limited)[0] == 401 and time.monotonic() < deadline:
        time.sleep(0.2)
    failed = 0
    for what, body, headers, expected in probes(keys):
        status, answer, text = ask(url, body, headers)
        found = faults(path, status, answer, text)
        if status != expected:
            found.insert(0, f"the status is {status} instead of {expected}")
        failed += bool(found)
        for fault in found:
            print(f"{what}: {fault}: {text[:300]!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
