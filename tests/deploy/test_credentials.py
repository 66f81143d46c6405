import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.access import MONITOR, OPERATOR, broker_users, bucket_policy, is_hash_of, s3_policy, store_users
from deploy.credentials import main, secrets_of, write_credentials
from services.magritte.login import TOKEN_FILE
from services.magritte.pipeline import PIPELINE, checked_settings
from shared.bus.topology import Topology, lanes
from shared.contract.environment import PixivEnvironment
from shared.settings import Settings, read_declared
from tests.servers.rabbitmq import RabbitMQServer

REPOSITORY = Path(__file__).parents[2]
USERS = [OPERATOR, *PIPELINE.containers]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_credentials(tmp_path / "secrets")
    return tmp_path / "secrets"


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def passwords(folder: Path) -> dict[str, str]:
    """The passwords of the broker's users."""
    found = {user: re.split("[:@]", (folder / user / "magritte_bus").read_text())[2] for user in USERS}
    return found | {MONITOR: (folder / MONITOR).read_text()}


@pytest.mark.parametrize("user", USERS)
def test_the_files_of_a_user_are_the_settings_of_its_container(folder: Path, user: str) -> None:
    found = checked_settings(folder / user)
    assert found.bus == f"amqp://{user}:{passwords(folder)[user]}@rabbitmq:5672"
    assert found.s3_access_key.get_secret_value()
    assert found.s3_secret_key.get_secret_value()


def test_a_secret_that_only_its_operator_has_is_an_empty_file_until_it_is_written(folder: Path) -> None:
    token = folder / "scraper" / TOKEN_FILE.name
    key = folder / "scraper" / "magritte_danbooru_api_key"
    assert sorted(secrets_of("scraper")) == [key.name, token.name]
    assert key.read_text() == ""
    assert secrets_of("ranker") == []
    assert token.read_text() == ""
    scraper = PIPELINE.containers["scraper"][0]
    found = read_declared(scraper, folder / "scraper")
    assert isinstance(found, PixivEnvironment)
    assert found.pixiv_refresh_token.get_secret_value() == ""
    token.write_text("of mine\n")
    write_credentials(folder)
    assert token.read_text() == "of mine\n"


def test_every_password_is_another_one_and_long(folder: Path) -> None:
    found = [*passwords(folder).values(), (folder / "grafana").read_text()]
    assert len(set(found)) == len(USERS) + 2
    assert min(map(len, found)) >= 40


def test_the_broker_is_told_hashes_of_the_passwords_alone(folder: Path) -> None:
    text = (folder / "rabbitmq-definitions.json").read_text()
    users = {user["name"]: user["password_hash"] for user in json.loads(text)["users"]}
    assert users.keys() == broker_users(PIPELINE).keys()
    for user, password in passwords(folder).items():
        assert is_hash_of(users[user], password)
        assert not is_hash_of(users[user], "guest")
        assert password not in text


def test_the_store_knows_one_user_who_is_kept_to_the_bucket(folder: Path) -> None:
    [identity] = json.loads((folder / "s3.json").read_text())["identities"]
    [credentials] = identity["credentials"]
    assert credentials["accessKey"] == (folder / "ranker" / "magritte_s3_access_key").read_text()
    assert credentials["secretKey"] == (folder / "ranker" / "magritte_s3_secret_key").read_text()
    assert {action.split(":")[1] for action in identity["actions"]} == {"magritte"}


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    write_credentials(folder)
    assert contents(folder) == before


def test_what_is_missing_is_added_and_what_was_changed_is_kept(folder: Path) -> None:
    before = contents(folder)
    (folder / "ranker" / "magritte_bus").unlink()
    (folder / "trainer" / "magritte_s3_access_key").write_text("ITS-OWN")
    (folder / "scraper" / "magritte_bus").write_text("amqp://scraper:of%20mine@elsewhere/v")
    write_credentials(folder)
    after = contents(folder)
    assert after["trainer/magritte_s3_access_key"] == "ITS-OWN"
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        "ranker/magritte_bus",
        "trainer/magritte_s3_access_key",
        "scraper/magritte_bus",
        "rabbitmq-definitions.json",
    }
    users = {each["name"]: each["password_hash"] for each in json.loads(after["rabbitmq-definitions.json"])["users"]}
    assert is_hash_of(users["scraper"], "of mine")


def test_nobody_but_the_owner_can_enter_and_nobody_else_can_write(folder: Path) -> None:
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert modes == {True: 0o700, False: 0o644}


def test_a_folder_that_others_could_enter_is_closed(folder: Path) -> None:
    folder.chmod(0o755)
    write_credentials(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_command_prints_nothing_and_git_ignores_what_it_makes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.credentials", str(tmp_path / "secrets")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")
    assert "secrets/" in (REPOSITORY / ".gitignore").read_text().splitlines()


def test_without_a_folder_the_command_says_how_it_is_used() -> None:
    assert main([]) == "usage: python -m deploy.credentials FOLDER"


@pytest.fixture
def server(rabbitmq: RabbitMQServer) -> Iterator[RabbitMQServer]:
    """A broker whose first virtual host is made anew afterwards."""
    yield rabbitmq
    rabbitmq.remove_vhost("/")
    rabbitmq.add_vhost("/")


def test_a_real_broker_takes_the_definitions_and_lets_the_users_in(folder: Path, server: RabbitMQServer) -> None:
    server.ctl("import_definitions", str(folder / "rabbitmq-definitions.json"))
    for user, password in passwords(folder).items():
        login = f'rabbit_access_control:check_user_pass_login(<<"{user}">>, <<"{password}">>).'
        assert server.evaluate(login).startswith("{ok, {ok,")
    topology = Topology(PIPELINE.queues, Settings.model_fields["retry_pauses"].default)
    listed = server.ctl("list_queues", "--no-table-headers", "name", "policy").splitlines()
    found = dict(line.split("\t") for line in listed)
    assert found.keys() == {queue.name for queue in topology.broker_queues()}
    working = {name for queue in PIPELINE.queues for name in lanes(queue)}
    assert {name for name, policy in found.items() if policy} == working


def test_every_user_of_the_store_has_its_policy(folder: Path) -> None:
    for user, rights in store_users(PIPELINE).items():
        assert json.loads((folder / "policies" / f"{user}.json").read_text()) == s3_policy(rights, "magritte")
    assert json.loads((folder / "policies" / "of-bucket.json").read_text()) == bucket_policy(PIPELINE, "magritte")
