"""Manifests rendered by kubectl, once for all tests."""

import shutil
from pathlib import Path

import pytest
import yaml

from deploy.credentials import write_credentials
from tests.deploy.manifests import CLUSTERS, COMPONENTS, REPOSITORY, Document, render


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of k8s/, with the passwords of somebody who tries it out and with each component on its own."""
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl to render the manifests; they are still checked one by one")
    tree = tmp_path_factory.mktemp("tree")
    for name in ("k8s", "deploy"):
        shutil.copytree(REPOSITORY / name, tree / name, ignore=shutil.ignore_patterns("secrets", "__pycache__"))
    folder = tree / "k8s"
    write_credentials(folder / "overlays" / "local" / "secrets")
    for component in COMPONENTS:
        (folder / component).mkdir()
        alone = {"resources": ["../base"], "components": [f"../components/{component}"]}
        (folder / component / "kustomization.yaml").write_text(yaml.safe_dump(alone))
    return folder


@pytest.fixture(params=CLUSTERS)
def cluster(manifests: Path, request: pytest.FixtureRequest) -> list[Document]:
    """Each of the overlays, the base, and the base with each component."""
    return render(manifests, request.param)


@pytest.fixture
def local(manifests: Path) -> list[Document]:
    return render(manifests, "local")


@pytest.fixture
def production(manifests: Path) -> list[Document]:
    return render(manifests, "production")
