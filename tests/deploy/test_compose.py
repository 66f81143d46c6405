"""docker-compose.yml and the Dockerfile: valid, and in agreement with the code."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.credentials import secrets_of, write_credentials
from services.magritte.pipeline import PIPELINE
from shared.runtime.stage_process import METRICS_PORT
from shared.settings import Settings

REPOSITORY = Path(__file__).parents[2]
COMPOSE = REPOSITORY / "docker-compose.yml"
GPU = REPOSITORY / "deploy" / "compose.gpu.yml"
DOCKERFILE = REPOSITORY / "deploy" / "Dockerfile"
STAGES = list(PIPELINE.containers)


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


SERVICES = loaded(COMPOSE)["services"]


@pytest.mark.parametrize("path", [COMPOSE, GPU], ids=lambda path: path.name)
def test_the_file_fits_the_compose_specification(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_has_no_known_faults() -> None:
    """DL3008 wants versions of Debian packages, which vanish from its archive with the next point release."""
    command = [Path(sys.executable).with_name("hadolint"), "--ignore", "DL3008", DOCKERFILE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_there_is_a_service_for_every_stage_in_the_order_of_the_pipeline() -> None:
    built = [
        name for name, service in SERVICES.items() if service.get("build", {}).get("args", {}).get("STAGE") == name
    ]
    assert built == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_built_from_its_own_requirements_and_has_its_own_secrets(stage: str) -> None:
    service = SERVICES[stage]
    assert service["image"] == f"magritte/{stage}:latest"
    assert {secret["source"].removeprefix(f"{stage}-") for secret in service["secrets"]} == {
        "bus",
        "s3-access-key",
        "s3-secret-key",
        *(name.removeprefix("magritte_").replace("_", "-") for name in secrets_of(stage)),
    }
    assert "mem_limit" in service


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_can_be_scaled_and_is_locked_in(stage: str) -> None:
    service = SERVICES[stage]
    assert "container_name" not in service
    assert "ports" not in service
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert all(volume.endswith(":ro") for volume in service["volumes"])


def test_every_setting_that_is_given_exists() -> None:
    known = {f"MAGRITTE_{name.upper()}" for kind in (Settings, *PIPELINE.environments) for name in kind.model_fields}
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert {name for name in given if name.startswith("MAGRITTE_")} <= known
    assert set(re.findall(r"MAGRITTE_\w+", DOCKERFILE.read_text(encoding="utf-8"))) <= known


def test_stages_have_longer_to_stop_than_they_take_for_it() -> None:
    for stage in STAGES:
        grace = float(SERVICES[stage]["environment"]["MAGRITTE_GRACE"])
        assert float(SERVICES[stage]["stop_grace_period"].removesuffix("s")) > grace


def test_every_secret_is_made_by_make_env(tmp_path: Path) -> None:
    write_credentials(tmp_path)
    named = {secret["file"].removeprefix("secrets/") for secret in loaded(COMPOSE)["secrets"].values()}
    assert [name for name in sorted(named) if not (tmp_path / name).is_file()] == []


def test_no_port_is_open_to_the_network() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) >= 3
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_image_serves_its_health_where_everybody_asks_for_it() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert f"MAGRITTE_METRICS_PORT={METRICS_PORT}" in text
    assert f"EXPOSE {METRICS_PORT}" in text


def test_images_are_named_by_tag_and_none_is_the_latest_of_others() -> None:
    foreign = {service["image"] for service in SERVICES.values() if not service["image"].startswith("magritte/")}
    assert foreign
    assert [image for image in foreign if not re.fullmatch(r"[a-z/]+:[\w.-]*\d[\w.-]*", image)] == []


def test_only_trainer_and_ranker_ask_for_a_gpu_and_only_in_the_file_for_it() -> None:
    assert [name for name, service in SERVICES.items() if "deploy" in service] == []
    assert set(loaded(GPU)["services"]) == {"trainer", "ranker"}


def test_every_number_that_can_be_set_is_in_the_example() -> None:
    variables = set(re.findall(r"\$\{(\w+):-", COMPOSE.read_text(encoding="utf-8")))
    offered = set(re.findall(r"^(\w+)=", (REPOSITORY / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert variables == offered
