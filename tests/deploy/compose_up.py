"""The whole stack in real containers, as a newcomer starts it: `make test-compose`. Not part of `make test`.

Where no registry can be reached, ../shared/docker/stand-ins.sh makes stand-ins for the public images first.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from deploy.credentials import write_credentials
from services.magritte.pipeline import PIPELINE
from tests.faults.chain import write_recipe
from tests.servers.ports import free_ports

REPOSITORY = Path(__file__).parents[2]
STAND_INS = REPOSITORY.parent / "shared" / "docker" / "stand-ins.sh"
STAGES = list(PIPELINE.containers)
PROJECT = "magritte-test"
PICTURES = 40
PORTS = ("AMQP_PORT", "RABBITMQ_PORT", "S3_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")


@dataclass(frozen=True)
class Stack:
    """A copy of the repository's files, and what docker compose makes of them."""

    root: Path
    ports: dict[str, int]
    project: str = PROJECT
    files: tuple[str, ...] = ("docker-compose.yml",)

    def compose(self, *words: str) -> str:
        """What `docker compose` prints; raises when it fails."""
        files = [word for name in self.files for word in ("--file", name)]
        command = ["docker", "compose", "--project-name", self.project, *files, "--profile", "monitoring", *words]
        environment = os.environ | {"PWD": str(self.root)} | {name: str(port) for name, port in self.ports.items()}
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=1800, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def magritte(self, *words: str) -> str:
        """What the command line in its container answers."""
        return self.compose("run", "--rm", "--no-TTY", "magritte", *words)

    def status(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.magritte("status", "--json"))
        return found

    def kill(self, service: str) -> None:
        """SIGKILL to the process in the first container of a service, as a kernel short of memory would."""
        container = self.compose("ps", "--quiet", service).split()[0]
        answer = subprocess.check_output(["docker", "top", container, "-o", "pid,args"], text=True)
        (stage,) = [line.split()[0] for line in answer.splitlines() if line.split()[1:] == ["python", "-m", "stage"]]
        os.kill(int(stage), signal.SIGKILL)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if STAND_INS.exists():
        subprocess.run(["bash", STAND_INS, "for", "docker-compose.yml"], cwd=_prepared(REPOSITORY), check=True)
    if shutil.which("docker") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs docker with Compose v2")
    root = _prepared(_copied(tmp_path_factory.mktemp("compose") / "magritte"))
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    numbers = ports | {"USER_ID": os.getuid(), "GROUP_ID": os.getgid()}
    (root / ".env").write_text("".join(f"{name}={number}\n" for name, number in numbers.items()))
    stack = Stack(root, ports)
    try:
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "20")


NEEDS_THREE_MINUTES, NEVER_ANSWERS = "needs-three-minutes", "never-answers"

SLOW_STORES = {NEEDS_THREE_MINUTES: 'sleep 180; exec weed "$$@"', NEVER_ANSWERS: "sleep 100000"}
"""What the store's container runs in the place of the store, as a shell's command."""


@pytest.fixture(scope="module", autouse=True)
def slow_stores(stack: Stack) -> Iterator[dict[str, Stack]]:
    """Start stores that are slow, each alone in a project of its own; the other tests run meanwhile."""
    stacks = {}
    for name, command in SLOW_STORES.items():
        entrypoint = {"entrypoint": ["sh", "-c", command, "weed"]}
        (stack.root / f"{name}.yml").write_text(yaml.safe_dump({"services": {"seaweedfs": entrypoint}}))
        ports = stack.ports | {"S3_PORT": free_ports(1)[0]}
        stacks[name] = replace(
            stack, ports=ports, project=f"{PROJECT}-{name}", files=("docker-compose.yml", f"{name}.yml")
        )
        stacks[name].compose("up", "--detach", "seaweedfs")
    try:
        yield stacks
    finally:
        for each in stacks.values():
            each.compose("down", "--volumes", "--timeout", "5")


def _copied(root: Path) -> Path:
    """The files that git knows or would add."""
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY, text=True
    )
    for name in listed.splitlines():
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, root / name)
    return root


def _prepared(root: Path) -> Path:
    """What `make env` does."""
    write_credentials(root / "secrets")
    return root


def wait_until(condition: Callable[[], object], what: str, seconds: float = 300.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"in vain: {what}"
        time.sleep(1.0)


def _embedded(recipe: Path) -> str:
    """The digest of the same recipe's data set, made in one process."""
    own = {"MAGRITTE_STORE": f"folder:{recipe.parent / 'embedded'}", "MAGRITTE_BUS": "memory:"}
    command = [str(REPOSITORY / ".venv" / "bin" / "magritte"), "run", str(recipe)]
    subprocess.run(command, env=os.environ | own, check=True, capture_output=True, timeout=600)
    (manifest,) = (recipe.parent / "embedded" / "datasets").glob("*/manifest.json")
    return str(json.loads(manifest.read_text())["digest"])


@pytest.mark.timeout(3600)
def test_the_stack_comes_up_outlasts_what_happens_to_it_and_leaves_nothing_behind(stack: Stack) -> None:
    (stack.root / "work").mkdir()
    recipe = write_recipe(stack.root / "work", PICTURES)
    expected = _embedded(recipe)
    stack.compose("build", "--quiet")
    _bring_up_and_submit(stack, recipe)
    stack.compose("up", "--detach", "--no-recreate", "--scale", "face-detector=2")
    stack.kill("face-detector")
    stack.compose("restart", "rabbitmq")
    stack.magritte("watch")
    known = stack.status()
    assert (known["finished"], known["pictures"]) == (True, PICTURES)
    stack.magritte("fetch", "--to", "work/results")
    (manifest,) = (stack.root / "work" / "results").rglob("manifest.json")
    assert json.loads(manifest.read_text())["digest"] == expected
    wait_until(lambda: _scraped(stack) >= {*STAGES, "rabbitmq"}, "Prometheus to have scraped every stage")
    stack.compose("down", "--volumes", "--timeout", "20")
    for kind in ("container", "volume", "network"):
        left = ["docker", kind, "ls", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}"]
        assert subprocess.check_output([*left, *(["--all"] if kind == "container" else [])]) == b""


def test_a_store_that_needs_three_minutes_to_come_up_is_not_ended_before(slow_stores: dict[str, Stack]) -> None:
    slow = slow_stores[NEEDS_THREE_MINUTES]
    wait_until(lambda: _inspected(slow, "{{.State.Health.Status}}") == "healthy", "the slow store to answer")
    assert _inspected(slow, "{{.RestartCount}}") == "0"


def test_a_store_that_never_answers_is_started_again(slow_stores: dict[str, Stack]) -> None:
    slow = slow_stores[NEVER_ANSWERS]
    wait_until(lambda: _inspected(slow, "{{.RestartCount}}") != "0", "the silent store to be started again")


def _inspected(slow: Stack, form: str) -> str:
    container = slow.compose("ps", "--all", "--quiet", "seaweedfs").split()[0]
    return subprocess.check_output(["docker", "inspect", "--format", form, container], text=True).strip()


def _bring_up_and_submit(stack: Stack, recipe: Path) -> None:
    """Prints how long it takes until the first face is ready."""
    began = time.monotonic()
    stack.compose("up", "--detach")
    stack.magritte("submit", str(recipe.relative_to(stack.root)))
    wait_until(lambda: "face-normalized" in stack.magritte("status", "--json"), "the first face")
    print(f"from `docker compose up` to the first normalised face: {time.monotonic() - began:.0f} s")  # noqa: T201


def _scraped(stack: Stack) -> set[str]:
    """The jobs of which Prometheus has reached every target."""
    with urlopen(f"http://127.0.0.1:{stack.ports['PROMETHEUS_PORT']}/api/v1/targets", timeout=10) as answer:
        targets = json.load(answer)["data"]["activeTargets"]
    down = {target["labels"]["job"] for target in targets if target["health"] != "up"}
    return {target["labels"]["job"] for target in targets} - down
