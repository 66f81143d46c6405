"""What the manifests of k8s/ allow a pod: rights, room, GPUs, number and reach."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from services.magritte.pipeline import PIPELINE
from shared.bus.topology import Topology, lanes
from shared.contract.egress_policy import EgressPolicy
from tests.deploy.manifests import CLUSTERS, STAGES, Document, containers, of_kind, pods, render, stages

# Rights and room


def test_pods_fulfil_the_restricted_standard(cluster: list[Document]) -> None:
    (namespace,) = of_kind(cluster, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in pods(cluster).values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert {"hostNetwork", "hostPID", "hostIPC"} & pod.keys() == set()
        assert {kind for volume in pod["volumes"] for kind in volume} <= {"name", "emptyDir", "secret", "configMap"}
    for container in containers(cluster):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_resources_are_bounded(cluster: list[Document]) -> None:
    for pod in pods(cluster).values():
        for volume in pod["volumes"]:
            assert volume.get("emptyDir", {"sizeLimit": ""}).keys() == {"sizeLimit"}
    for container in containers(cluster):
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert "cpu" in requests
        assert "cpu" not in limits
        assert "memory" in limits
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()


@pytest.mark.parametrize("name", [name for name in CLUSTERS if name != "local"])
def test_a_node_sets_aside_what_a_pod_may_use(manifests: Path, name: str) -> None:
    for container in containers(render(manifests, name)):
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert requests["memory"] == limits["memory"]
        assert requests.get("ephemeral-storage") == limits.get("ephemeral-storage")


def test_the_local_overlay_fits_on_a_small_machine(local: list[Document]) -> None:
    requests = [container["resources"]["requests"] for container in containers(local)]
    assert sum(int(each["cpu"].removesuffix("m")) for each in requests) <= 1000
    assert sum(int(each["memory"].removesuffix("Mi")) for each in requests) <= 4096


def test_the_stages_with_much_on_disk_have_room_for_their_temporary_folder(cluster: list[Document]) -> None:
    for stage in ("tfrecord-packer", "trainer", "ranker"):
        pod = stages(cluster)[stage]
        sizes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if "emptyDir" in volume}
        limit = pod["containers"][0]["resources"]["limits"]["ephemeral-storage"]
        assert gibibytes(limit) > gibibytes(sizes["tmp"]) > 10


def gibibytes(quantity: str) -> int:
    assert quantity.endswith("Gi")
    return int(quantity.removesuffix("Gi"))


# The GPU


def requests_gpu(pod: Document) -> bool:
    return "nvidia" in yaml.safe_dump(pod).lower()


def test_only_the_trainer_with_its_component_asks_for_a_gpu(manifests: Path, production: list[Document]) -> None:
    for cluster, expected in (
        (render(manifests, "base"), []),
        (render(manifests, "gpu"), ["trainer"]),
        (production, ["trainer"]),
    ):
        assert [name for name, pod in pods(cluster).items() if requests_gpu(pod)] == expected


def test_the_trainer_is_pinned_to_nodes_with_an_nvidia_gpu(manifests: Path) -> None:
    pod = pods(render(manifests, "gpu"))["trainer"]
    (container,) = pod["containers"]
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    wanted = {"key": "nvidia.com/gpu.present", "operator": "In", "values": ["true"]}
    assert required == {"nodeSelectorTerms": [{"matchExpressions": [wanted]}]}
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert container["image"] == "magritte/trainer:gpu"


def test_a_new_trainer_waits_until_the_old_one_has_given_its_gpu_back(cluster: list[Document]) -> None:
    trainer = of_kind(cluster, "Deployment")["trainer"]["spec"]
    assert (trainer["replicas"], trainer["strategy"]) == (1, {"type": "Recreate"})


# Scaling


def test_exactly_the_stages_on_pictures_and_the_ranker_are_scaled(production: list[Document]) -> None:
    scaled = of_kind(production, "ScaledObject")
    assert set(scaled) == {"deduper", "face-detector", "upscaler", "normalizer", "ranker"}
    for name, each in scaled.items():
        assert each["spec"]["scaleTargetRef"] == {"name": name}
        assert "replicas" not in of_kind(production, "Deployment")[name]["spec"], (
            "applying again would undo KEDA's number"
        )


def test_scaling_looks_at_all_lanes_of_a_queue_that_many_consumers_may_share(production: list[Document]) -> None:
    names = {each.name for each in Topology(PIPELINE.queues, (1.0,)).broker_queues()}
    for name, each in of_kind(production, "ScaledObject").items():
        (trigger,) = each["spec"]["triggers"]
        about = trigger["metadata"]
        seen = {queue for queue in names if re.fullmatch(about["queueName"], queue)}
        shared = [stage.inbox for stage in PIPELINE.containers[name] if not stage.inbox.single_active_consumer]
        assert seen in [set(lanes(queue)) for queue in shared]
        if len(seen) > 1:
            assert (about["useRegex"], about["operation"], about["queueName"][-1]) == ("true", "sum", "$")


def test_a_busy_pod_is_not_taken_away(production: list[Document]) -> None:
    for name, each in of_kind(production, "ScaledObject").items():
        spec, (trigger,) = each["spec"], each["spec"]["triggers"]
        assert (trigger["type"], trigger["metadata"]["protocol"]) == ("rabbitmq", "http")
        assert trigger["metadata"]["mode"] == "QueueLength"
        assert "excludeUnacknowledged" not in trigger["metadata"]
        assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
        window = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"][
            "stabilizationWindowSeconds"
        ]
        assert min(spec["cooldownPeriod"], window) > stages(production)[name]["terminationGracePeriodSeconds"]


def test_scaling_signs_in_with_a_name_and_password_from_a_secret(production: list[Document]) -> None:
    ((name, authentication),) = of_kind(production, "TriggerAuthentication").items()
    keys = {each["parameter"]: (each["name"], each["key"]) for each in authentication["spec"]["secretTargetRef"]}
    assert keys == {"username": ("magritte-keda", "username"), "password": ("magritte-keda", "password")}
    for each in of_kind(production, "ScaledObject").values():
        (trigger,) = each["spec"]["triggers"]
        assert trigger["authenticationRef"] == {"name": name}
        assert "@" not in trigger["metadata"]["host"]


# The network


def outlets(cluster: list[Document], labels: dict[str, str]) -> Iterator[Document]:
    """The rules for what a pod with these labels may reach."""
    for policy in of_kind(cluster, "NetworkPolicy").values():
        selected = policy["spec"]["podSelector"].get("matchLabels", {})
        if "Egress" in policy["spec"]["policyTypes"] and selected.items() <= labels.items():
            yield from policy["spec"].get("egress", [])


def may_reach(cluster: list[Document], stage: str, address: str, port: int) -> bool:
    labels = {"app.kubernetes.io/component": "stage", "app.kubernetes.io/name": stage}
    rules = [rule for rule in outlets(cluster, labels) if port in {each["port"] for each in rule["ports"]}]
    blocks = [peer["ipBlock"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]
    return any(
        ip_address(address) in ip_network(block["cidr"])
        and not any(ip_address(address) in ip_network(hole) for hole in block.get("except", []))
        for block in blocks
    )


INTERNET = ["1.1.1.1", "93.184.215.14", "2606:4700::6810:84e5"]
# fmt: off
ELSEWHERE = [
    "0.0.0.1", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
    "::1", "::ffff:10.0.0.1", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "64:ff9b::a00:1",
    "2002:a00:1::1", "2001:db8::1",
]
# fmt: on


def test_only_the_scraper_reaches_the_internet(local: list[Document]) -> None:
    for port in (80, 443):
        for stage in STAGES:
            assert [may_reach(local, stage, each, port) for each in INTERNET] == [stage == "scraper"] * len(INTERNET)


def test_the_scraper_reaches_nothing_private_and_no_other_port(local: list[Document]) -> None:
    assert [each for each in ELSEWHERE if may_reach(local, "scraper", each, 443)] == []
    assert [each for each in ELSEWHERE if EgressPolicy().refusal(each, 443) is None] == [], "the code agrees"
    assert [each for each in INTERNET for port in (22, 8333, 5672) if may_reach(local, "scraper", each, port)] == []


@pytest.mark.parametrize("overlay", ["local", "production"])
def test_what_is_not_named_is_denied(manifests: Path, overlay: str) -> None:
    denial = of_kind(render(manifests, overlay), "NetworkPolicy")["deny-all"]["spec"]
    assert denial == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_stages_reach_names_broker_and_store(local: list[Document]) -> None:
    for stage in STAGES:
        labels = {"app.kubernetes.io/component": "stage", "app.kubernetes.io/name": stage}
        ports = {each["port"] for rule in outlets(local, labels) for each in rule["ports"]}
        assert ports == {53, 5672, 8333} | ({80, 443} if stage == "scraper" else set())


def test_policies_and_monitors_select_pods_that_exist(local: list[Document], production: list[Document]) -> None:
    selectors = [each["spec"]["podSelector"] for each in of_kind(local, "NetworkPolicy").values()]
    selectors += [each["spec"]["selector"] for each in of_kind(production, "PodMonitor").values()]
    makers = of_kind(local, "Deployment", "StatefulSet").values()
    there = [each["spec"]["template"]["metadata"]["labels"] for each in makers]
    for selector in selectors:
        assert any(selector.get("matchLabels", {}).items() <= labels.items() for labels in there)
