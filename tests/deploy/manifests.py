"""Manifests of k8s/, rendered as kubectl renders them, and what one finds in them."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.magritte.pipeline import PIPELINE

Document = dict[str, Any]

REPOSITORY = Path(__file__).parents[2]
K8S = REPOSITORY / "k8s"
STAGES = list(PIPELINE.containers)
COMPONENTS = sorted(folder.name for folder in (K8S / "components").iterdir())
CLUSTERS = ["local", "production", "base", *COMPONENTS]
"""What is rendered: the overlays, the base, and the base with one component each."""


def documents(text: str) -> list[Document]:
    return list(yaml.safe_load_all(text))


def files_of(folder: Path) -> Iterator[Path]:
    """The manifests that a kustomization names, patches left out."""
    named = yaml.safe_load((folder / "kustomization.yaml").read_text()).get("resources", [])
    return (folder / name for name in named if name.endswith(".yaml"))


@cache
def render(manifests: Path, name: str) -> list[Document]:
    """One of `CLUSTERS`, of a folder as the fixture `manifests` makes it."""
    overlay = manifests / "overlays" / name
    folder = overlay if overlay.is_dir() else manifests / name
    result = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return documents(result.stdout)


def of_kind(cluster: list[Document], *kinds: str) -> dict[str, Document]:
    return {each["metadata"]["name"]: each for each in cluster if each["kind"] in kinds}


def pods(cluster: list[Document]) -> dict[str, Document]:
    """The pods' specifications by the name of what makes them."""
    makers = of_kind(cluster, "Deployment", "StatefulSet")
    return {name: each["spec"]["template"]["spec"] for name, each in makers.items()}


def containers(cluster: list[Document]) -> Iterator[Document]:
    for pod in pods(cluster).values():
        yield from pod.get("initContainers", []) + pod["containers"]


def stages(cluster: list[Document]) -> dict[str, Document]:
    return {name: pod for name, pod in pods(cluster).items() if name in STAGES}


def environment(cluster: list[Document], stage: str) -> dict[str, str]:
    """What a stage finds in its environment: the shared settings and its own."""
    container = pods(cluster)[stage]["containers"][0]
    shared = [of_kind(cluster, "ConfigMap")[source["configMapRef"]["name"]] for source in container["envFrom"]]
    own = {each["name"]: each["value"] for each in container.get("env", [])}
    return {name: value for source in shared for name, value in source["data"].items()} | own
