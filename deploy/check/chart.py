"""The chart: linted, its schema tried out, rendered in several ways, and what comes out held to Kubernetes' own schemas.

Arguments: the folder of the chart. Prints what is wrong, and exits with 1 if anything is.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import helm_python as helm
import kubernetes_validate
import yaml

# The least that has to be given.
LEAST = {"image": {"repository": "registry.example/event-grpc"}, "existingSecret": "event-grpc"}
ALL = {
    **LEAST,
    "keys": {"existingSecret": "event-grpc-keys"},
    "tls": {"existingSecret": "event-grpc-tls", "clientAuthority": True},
    "files": {"existingSecret": "authorities", "existingConfigMap": "more"},
    "env": {"EVENT_GRPC_CLICKHOUSE_CA": "/etc/event-grpc/files/ca.pem", "EVENT_GRPC_MAX_CONNECTIONS": 500},
    "autoscaling": {"enabled": True},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True},
    "dashboards": {"enabled": True},
    "networkPolicy": {"senders": [{"namespaceSelector": {}}]},
    "migrate": {"drop": ["20260101T000000_drop_old.sql"]},
    "image": {"repository": "registry.example/event-grpc", "tag": "1.2.3", "pullSecrets": ["registry"]},
    "podLabels": {"team": "events"},
    "podAnnotations": {"a": "b"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "events", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "events",
}
REQUIRED = {"existingSecret": "event-grpc-tls", "clientAuthority": True, "clients": "required"}
# What a scraper shows where everybody has to show a certificate.
SCRAPER = {
    "ca": {"secret": {"name": "scraper", "key": "ca.crt"}},
    "cert": {"secret": {"name": "scraper", "key": "tls.crt"}},
    "keySecret": {"name": "scraper", "key": "tls.key"},
    "serverName": "events.example.com",
}
CLOSED = {**ALL, "tls": REQUIRED, "serviceMonitor": {"enabled": True, "tlsConfig": SCRAPER}}
# What the schema has to refuse, and what it says then.
WRONG = [
    ({}, "existingSecret"),
    ({**LEAST, "replica": 3}, "replica"),
    ({**LEAST, "replicas": 0}, "replicas"),
    ({**LEAST, "image": {"repository": ""}}, "repository"),
    ({**LEAST, "secrets": {"lower": "a"}}, "lower"),
    ({**LEAST, "tls": {"existingSecret": "a", "clients": "required"}}, "clientAuthority"),
    ({**LEAST, "tls": REQUIRED, "serviceMonitor": {"enabled": True}}, "cert"),
    ({**CLOSED, "serviceMonitor": {"enabled": True, "tlsConfig": {"cert": {}}}}, "keySecret"),
    ({**LEAST, "podDisruptionBudget": {"maxUnavailable": 0}}, "maxUnavailable"),
]
# Kinds of other projects, whose schemas aren't among Kubernetes'.
OTHERS = {"ScaledObject", "ServiceMonitor", "PrometheusRule"}

failures = []


def check(good, what):
    if not good:
        failures.append(what)


def rendered(chart, values):
    documents = []
    for name, text in chart.render(values, name="shop", namespace="events").items():
        if name.endswith(".yaml"):
            documents += [document for document in yaml.safe_load_all(text) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def held_to_schemas(documents):
    for (kind, name), document in documents.items():
        if kind in OTHERS:
            check(document["apiVersion"] and document["spec"], f"{kind} {name} has no spec")
            continue
        try:
            kubernetes_validate.validate(document, "1.37.0", strict=True)
        except kubernetes_validate.ValidationError as error:
            failures.append(f"{kind} {name}: {error.message} at {list(error.path)}")


def confined(spec, what):
    check(spec["securityContext"]["runAsNonRoot"] is True, f"{what} may run as root")
    check(spec["automountServiceAccountToken"] is False, f"{what} gets a token of the cluster")
    for container in spec["containers"]:
        security = container["securityContext"]
        check(security["readOnlyRootFilesystem"] is True, f"{what} may write to its image")
        check(security["allowPrivilegeEscalation"] is False, f"{what} may gain rights")
        check(security["capabilities"]["drop"] == ["ALL"], f"{what} has capabilities")
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        check(mounted == {volume["name"] for volume in spec["volumes"]}, f"{what}: volumes and mounts differ")


def the_least(documents):
    kinds = sorted(kind for kind, _ in documents)
    expected = ["Deployment", "Job", "NetworkPolicy", "PodDisruptionBudget", "Service", "Service", "ServiceAccount"]
    check(kinds == expected, f"the least of it is {kinds}")
    spec = documents["Deployment", "shop-event-grpc"]["spec"]
    pod = spec["template"]["spec"]
    confined(pod, "an instance")
    confined(documents["Job", "shop-event-grpc-migrate"]["spec"]["template"]["spec"], "the migration")
    container = pod["containers"][0]
    check(spec["replicas"] == 2, "there are not two instances")
    check(container["readinessProbe"]["httpGet"]["path"] == "/heartbeat/", "readiness is not the heartbeat")
    check(container["livenessProbe"]["httpGet"]["path"] == "/livez", "liveness is not /livez")
    check(pod["terminationGracePeriodSeconds"] == 5 + 25 + 10, "the kubelet kills before the drain has ended")
    check(pod["topologySpreadConstraints"], "instances are not spread")
    env = {variable["name"]: variable["value"] for variable in container["env"]}
    check(env["EVENT_GRPC_AMQP_URL_FILE"] == "/etc/event-grpc/secrets/amqp-url", "the URL of RabbitMQ is not a file")
    ports = [port["name"] for port in documents["Service", "shop-event-grpc"]["spec"]["ports"]]
    check(ports == ["grpc", "http"], "senders reach operations")
    job = documents["Job", "shop-event-grpc-migrate"]
    check(job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade", "the migration is no hook")


def all_of_it(documents, scraper={"insecureSkipVerify": True}):
    spec = documents["Deployment", "shop-event-grpc"]["spec"]
    check("replicas" not in spec, "the chart and KEDA both decide how many instances there are")
    container = spec["template"]["spec"]["containers"][0]
    probe = container["readinessProbe"]
    check("tcpSocket" in probe or probe["httpGet"]["scheme"] == "HTTPS", "the probe doesn't speak TLS")
    trigger = documents["ScaledObject", "shop-event-grpc"]["spec"]["triggers"][0]["metadata"]
    query = trigger["query"]
    check(query.count('namespace="events"') == query.count("event_grpc_"), f"KEDA asks of other namespaces, too: {query}")
    check('state="held"' in query, f"KEDA asks {query}")
    check(trigger["ignoreNullValues"] == "false", "KEDA takes no figures for zero")
    job = documents["Job", "shop-event-grpc-migrate"]["spec"]["template"]["spec"]["containers"][0]
    check(job["args"] == ["migrate", "--drop=20260101T000000_drop_old.sql"], f"the migration runs {job['args']}")
    monitor = documents["ServiceMonitor", "shop-event-grpc"]["spec"]["endpoints"][0]
    check(monitor["authorization"]["credentials"] == {"name": "event-grpc", "key": "ops-token"}, "the scraper has no token")
    check(monitor["scheme"] == "https" and monitor["tlsConfig"] == scraper, f"the scraper asks {monitor}")


def closed(documents):
    all_of_it(documents, SCRAPER)
    probes = documents["Deployment", "shop-event-grpc"]["spec"]["template"]["spec"]["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        check("tcpSocket" in probes[probe], f"the {probe} has no certificate to show")


def with_rules(folder):
    """A chart that has the generated files in it, as it is packed."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "event-grpc"
        shutil.copytree(folder, copy)
        shutil.rmtree(copy / "ops", ignore_errors=True)
        (copy / "ops/dashboards").mkdir(parents=True)
        rule = {"alert": "A", "expr": "up == 0", "annotations": {"summary": "{{ $labels.job }} is down"}}
        (copy / "ops/alerts.rules.yaml").write_text("# made\n" + yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))
        (copy / "ops/other.yaml").write_text("unrelated: true\n")
        dashboard = json.dumps({"title": "Overview {{instance}}", "panels": []}, indent=2)
        (copy / "ops/dashboards/overview.json").write_text(dashboard)
        with helm.Chart.load(copy) as chart:
            documents = rendered(chart, ALL)
        held_to_schemas(documents)
        rules = documents.get(("PrometheusRule", "shop-event-grpc-alerts-rules"))
        check(rules and rules["spec"]["groups"][0]["rules"] == [rule], f"rules are not as they were: {rules}")
        boards = documents.get(("ConfigMap", "shop-event-grpc-overview"))
        check(boards and boards["data"]["overview.json"] == dashboard, f"dashboards are not as they were: {boards}")


def main(folder):
    for values in (LEAST, ALL):
        report = helm.lint(folder, values, strict=True)
        # An icon is for public catalogues of charts.
        found = [message for message in report["messages"] if message["severity"] > 1]
        check(not found and not report["errors"], f"helm lint: {found} {report['errors']}")
    with helm.Chart.load(folder) as chart:
        for values, word in WRONG:
            try:
                chart.validate_schema(values)
                failures.append(f"the schema takes {values}")
            except helm.HelmValuesError as error:
                check(word in str(error), f"the schema says of {values}: {error}")
        for values, look in ((LEAST, the_least), (ALL, all_of_it), (CLOSED, closed)):
            documents = rendered(chart, values)
            held_to_schemas(documents)
            look(documents)
    with_rules(folder)


main(sys.argv[1])
print("\n".join(failures) or "the chart is good")
sys.exit(bool(failures))
