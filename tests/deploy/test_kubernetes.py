"""The manifests of k8s/: valid for Kubernetes and its operators, and in agreement with the code and with deploy/."""

import json
import re
from base64 import b64decode
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus

from deploy.credentials import secrets_of
from services.magritte.pipeline import checked_settings
from shared.runtime.health import Health, HealthServer
from shared.runtime.stage_process import METRICS_PORT
from shared.settings import SECRETS
from tests.deploy.manifests import (
    CLUSTERS,
    COMPONENTS,
    K8S,
    REPOSITORY,
    STAGES,
    Document,
    documents,
    environment,
    files_of,
    of_kind,
    pods,
    render,
    stages,
)

KUBERNETES = "1.37"
DEPLOY = REPOSITORY / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
BROKER = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text().splitlines()
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
SECRET_SETTINGS = ["magritte_bus", "magritte_s3_access_key", "magritte_s3_secret_key"]
PROBES = ("startup", "liveness", "readiness")


def check(document: Document) -> None:
    """Raise unless the document is valid and has no field that its kind lacks."""
    group, kind = document["apiVersion"].split("/")[0], document["kind"]
    published = {"keda.sh": keda, "monitoring.coreos.com": prometheus}.get(group)
    if published is not None:
        read = getattr(published, kind).model_validate(document)
        assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == document
    elif group != "rabbitmq.com":  # nobody publishes its schema as a package
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


# What stands in the files


def test_the_base_has_a_file_per_stage_of_the_pipeline() -> None:
    assert [path.stem for path in files_of(K8S / "base")] == ["namespace", *STAGES]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_deployment_a_service_and_a_service_account_of_its_name(stage: str) -> None:
    found = documents((K8S / "base" / f"{stage}.yaml").read_text())
    assert [each["kind"] for each in found] == ["ServiceAccount", "Service", "Deployment"]
    assert {each["metadata"]["name"] for each in found} == {stage}
    assert found[2]["spec"]["template"]["spec"]["serviceAccountName"] == stage
    assert found[1]["spec"]["selector"].items() <= found[2]["spec"]["template"]["metadata"]["labels"].items()
    assert found[2]["spec"]["template"]["spec"]["containers"][0]["image"] == f"magritte/{stage}:latest"


@pytest.mark.parametrize("folder", ["base", *(f"components/{name}" for name in COMPONENTS)])
def test_every_file_is_valid_by_itself(folder: str) -> None:
    for path in files_of(K8S / folder):
        for document in documents(path.read_text()):
            check(document)


def test_a_misspelt_field_is_found() -> None:
    for path, misspelt in (("base/ranker.yaml", "replica"), ("components/keda/scaled-objects.yaml", "maxReplicas")):
        document = documents((K8S / path).read_text())[-1]
        with pytest.raises((kubernetes_validate.ValidationError, AssertionError)):
            check(document | {"spec": document["spec"] | {misspelt: 1}})


def test_alerts_are_those_of_compose() -> None:
    rule = yaml.safe_load((K8S / "components" / "monitoring" / "prometheus-rule.yaml").read_text())
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
    assert rule["spec"] == rules, "components/monitoring/kustomization.yaml tells how to write it again"


def test_jobs_are_named_as_in_compose() -> None:
    monitors = documents((K8S / "components" / "monitoring" / "pod-monitors.yaml").read_text())
    endpoints = {path(each): each for monitor in monitors for each in monitor["spec"]["podMetricsEndpoints"]}
    compose = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    detailed = {path(job): job for job in compose}["/metrics/detailed"]
    assert endpoints["/metrics/detailed"]["params"] == detailed["params"]
    assert endpoints["/metrics/detailed"]["relabelings"][0]["replacement"] == detailed["job_name"]


def path(scraped: Document) -> str:
    found: str = scraped.get("metrics_path") or scraped.get("path") or "/metrics"
    return found


def test_the_guide_speaks_of_every_component_and_secret() -> None:
    guide = (K8S / "README.md").read_text()
    assert [name for name in [*COMPONENTS, *SECRET_SETTINGS, "magritte-keda"] if f"`{name}`" not in guide] == []


# What is rendered


def test_every_combination_is_valid(manifests: Path) -> None:
    clusters = {name: render(manifests, name) for name in CLUSTERS}
    for cluster in clusters.values():
        assert set(STAGES) <= set(of_kind(cluster, "Deployment"))
    distinct = {json.dumps(document): document for cluster in clusters.values() for document in cluster}
    for document in distinct.values():
        check(document)


# What image and code say


def test_stages_run_as_the_image_says(cluster: list[Document]) -> None:
    for pod in stages(cluster).values():
        who = pod["securityContext"]
        assert f"\nUSER {who['runAsUser']}:{who['runAsGroup']}\n" in DOCKERFILE
        assert {"command", "args"} & pod["containers"][0].keys() == set()


def test_ports_agree_with_image_and_code(cluster: list[Document]) -> None:
    assert f"\nEXPOSE {METRICS_PORT}\n" in DOCKERFILE
    for pod in stages(cluster).values():
        assert pod["containers"][0]["ports"] == [{"name": "metrics", "containerPort": METRICS_PORT}]
    for name in STAGES:
        (port,) = of_kind(cluster, "Service")[name]["spec"]["ports"]
        assert port == {"name": "metrics", "port": METRICS_PORT, "targetPort": "metrics"}


def test_probes_ask_for_pages_that_a_stage_serves(cluster: list[Document]) -> None:
    pages = {
        pod["containers"][0][f"{kind}Probe"]["httpGet"]["path"] for pod in stages(cluster).values() for kind in PROBES
    }
    server = HealthServer(Health(), 0)
    try:
        assert {page: status(f"http://127.0.0.1:{server.port}{page}") for page in pages} == dict.fromkeys(pages, 503)
        assert status(f"http://127.0.0.1:{server.port}/other") == 404
    finally:
        server.close()


def status(address: str) -> int:
    try:
        with urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


# Settings and secrets


def test_every_variable_is_a_setting_that_accepts_its_value(
    cluster: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    for stage in STAGES:
        with monkeypatch.context() as surroundings:
            for name, value in environment(cluster, stage).items():
                surroundings.setenv(name, value)
            assert checked_settings().store == "s3://magritte"


def test_a_stage_gets_its_own_secrets_where_it_looks_for_them(cluster: list[Document]) -> None:
    for stage, pod in stages(cluster).items():
        (secret,) = [volume for volume in pod["volumes"] if "secret" in volume]
        (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == secret["name"]]
        assert mount == {"name": "secrets", "mountPath": str(SECRETS), "readOnly": True}
        assert re.fullmatch(rf"magritte-{stage}(-\w{{10}})?", secret["secret"]["secretName"])


def test_the_local_overlay_brings_every_secret_and_configuration_that_its_pods_mount(local: list[Document]) -> None:
    there = {("secret", name) for name in of_kind(local, "Secret")}
    there |= {("configMap", name) for name in of_kind(local, "ConfigMap")}
    volumes = [volume for pod in pods(local).values() for volume in pod["volumes"]]
    wanted = {("secret", volume["secret"]["secretName"]) for volume in volumes if "secret" in volume}
    wanted |= {("configMap", volume["configMap"]["name"]) for volume in volumes if "configMap" in volume}
    assert len(wanted) == len(STAGES) + 4
    assert wanted <= there


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_user_of_its_own_at_the_broker_of_its_namespace(
    local: list[Document], stage: str, tmp_path: Path
) -> None:
    (mounted,) = [volume["secret"] for volume in pods(local)[stage]["volumes"] if "secret" in volume]
    secret = of_kind(local, "Secret")[mounted["secretName"]]["data"]
    assert sorted(secret) == sorted([*SECRET_SETTINGS, *secrets_of(stage)])
    for name, value in secret.items():
        (tmp_path / name).write_bytes(b64decode(value))
    address = urlsplit(checked_settings(tmp_path).bus)
    assert (address.scheme, address.username, address.port) == ("amqp", stage, 5672)
    assert address.hostname in of_kind(local, "Service")


def test_production_holds_no_secrets(production: list[Document]) -> None:
    assert of_kind(production, "Secret") == {}


def test_a_stage_is_given_the_time_that_it_takes_to_end(cluster: list[Document]) -> None:
    for stage, pod in stages(cluster).items():
        assert float(environment(cluster, stage)["MAGRITTE_GRACE"]) + 10 <= pod["terminationGracePeriodSeconds"]
    assert stages(cluster)["trainer"]["terminationGracePeriodSeconds"] >= 300


def test_production_names_a_version_of_every_image(production: list[Document]) -> None:
    for name, pod in stages(production).items():
        assert re.fullmatch(
            rf"registry\.example\.com/magritte/{name}:\d+\.\d+\.\d+(-gpu)?", pod["containers"][0]["image"]
        )


# Broker, store and dashboards


def test_the_broker_loads_its_definitions_from_where_they_are_mounted(local: list[Document]) -> None:
    pod, configurations = pods(local)["rabbitmq"], of_kind(local, "ConfigMap")
    mounts = {each["subPath"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"] if "subPath" in each}
    (volume,) = [volume["configMap"]["name"] for volume in pod["volumes"] if volume["name"] == "definitions-path"]
    lines = configurations[volume]["data"]["60-definitions.conf"].splitlines()
    assert lines[-1] == f"load_definitions = {mounts['definitions.json']}"
    assert mounts["rabbitmq.conf"] < mounts["60-definitions.conf"] == "/etc/rabbitmq/conf.d/60-definitions.conf"


def test_a_cluster_of_brokers_is_set_as_the_single_one(production: list[Document]) -> None:
    spec = of_kind(production, "RabbitmqCluster")["rabbitmq"]["spec"]
    assert (spec["replicas"], spec["resources"]["limits"]) == (3, {"memory": spec["resources"]["requests"]["memory"]})
    assert spec["terminationGracePeriodSeconds"] < 3600
    lines = spec["rabbitmq"]["additionalConfig"].splitlines()
    assert lines
    assert set(lines) <= set(BROKER)


def test_a_cluster_of_brokers_fulfils_the_restricted_standard(production: list[Document]) -> None:
    spec = of_kind(production, "RabbitmqCluster")["rabbitmq"]["spec"]
    pod = spec["override"]["statefulSet"]["spec"]["template"]["spec"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    found = {each["name"]: each["securityContext"] for each in pod["initContainers"] + pod["containers"]}
    assert found == {"setup-container": restricted, "rabbitmq": restricted}


def test_broker_and_store_are_those_of_compose(local: list[Document]) -> None:
    for name in ("rabbitmq", "seaweedfs"):
        assert pods(local)[name]["containers"][0]["image"] == COMPOSE[name]["image"]
    store = environment(local, "deduper")["MAGRITTE_S3_ENDPOINT"]
    assert store == COMPOSE["deduper"]["environment"]["MAGRITTE_S3_ENDPOINT"]
    assert of_kind(local, "Service")["seaweedfs"]["spec"]["ports"][0]["port"] == int(store.rpartition(":")[2])


def test_every_dashboard_is_found_by_grafana(production: list[Document]) -> None:
    labelled = [
        each for each in of_kind(production, "ConfigMap").values() if "grafana_dashboard" in each["metadata"]["labels"]
    ]
    dashboards = {path.name for path in (DEPLOY / "grafana").rglob("*.json")}
    assert dashboards
    assert {name for each in labelled for name in each["data"]} == dashboards
