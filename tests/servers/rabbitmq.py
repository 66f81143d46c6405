"""A RabbitMQ of one's own: a private node on loopback with its data in a folder, fit to be killed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType

from tests.servers.ports import free_ports

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_CTL = SERVER.with_name("rabbitmqctl")
_START_SECONDS = 60.0
_GREETING = b"AMQP\x00\x00\x09\x01"


_DEPLOY = Path(__file__).parents[2] / "deploy" / "rabbitmq"
POLICIES = _DEPLOY / "definitions.json"
"""What operators import into their broker."""
CONFIGURATION = _DEPLOY / "rabbitmq.conf"
"""How theirs starts, and ours, too, but for a few lines."""


class RabbitMQServer:
    """A node of one's own. Times are seconds; its owner is the user `guest` with the password `guest`.

    `consumer_timeout` is checked every second rather than every minute.
    """

    def __init__(self, folder: Path, consumer_timeout: float = 1800.0) -> None:
        self._folder = folder
        self._port, self._distribution_port, self._epmd_port = free_ports(3)
        self._node = f"magritte-{self._port}@localhost"
        self._epmd: subprocess.Popen[bytes] | None = None
        self._broker: subprocess.Popen[bytes] | None = None
        self._vhosts = count(1)
        self._configure(consumer_timeout)

    @staticmethod
    def missing() -> list[str]:
        """What this machine lacks to run one."""
        programs = (str(SERVER), "erl_call", "epmd", "setpriv")
        return [program for program in programs if shutil.which(program) is None]

    @property
    def port(self) -> int:
        """Where the broker listens for AMQP."""
        return self._port

    def __enter__(self) -> "RabbitMQServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def address(self, vhost: str = "%2F", port: int | None = None) -> str:
        """Where to connect to; `port` is that of a proxy, if there is one in between."""
        return f"amqp://guest:guest@127.0.0.1:{port or self._port}/{vhost}"

    def start(self) -> None:
        """Start the node on the data that it left, and return when it answers."""
        if self._epmd is None:
            self._epmd = self._spawn("epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1")
        self._broker = self._spawn(str(SERVER))
        self._wait_until_it_answers(self._broker)

    def kill(self) -> None:
        """End the node as a power failure would."""
        _end(self._broker)
        self._broker = None

    def restart(self) -> None:
        """Kill the node and start it again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End the node and its helpers; its data is disposable."""
        self.kill()
        _end(self._epmd)
        self._epmd = None

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` answers; raises `CalledProcessError` when it fails."""
        return self._run([str(_CTL), "--quiet", *arguments])

    def vhost(self) -> str:
        """A new, empty virtual host: tests in different ones never meet."""
        name = f"test-{next(self._vhosts)}"
        self.add_vhost(name)
        return name

    def add_vhost(self, name: str) -> None:
        """Make an empty virtual host of that name."""
        self._do(
            f'rabbit_vhost:add(<<"{name}">>, <<"guest">>), rabbit_auth_backend_internal:set_permissions('
            f'<<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"guest">>).'
        )

    def remove_vhost(self, name: str) -> None:
        """Remove a virtual host with all its queues and connections."""
        self._do(f'rabbit_vhost:delete(<<"{name}">>, <<"guest">>).')

    def limit(self, vhost: str, numbers: dict[str, int]) -> None:
        """Set numbers such as `max-length` for the queues that our policy in deploy/ is about."""
        (policy,) = json.loads(POLICIES.read_text())["policies"]
        arguments = ("--vhost", vhost, "--apply-to", policy["apply-to"], policy["name"], policy["pattern"])
        self.ctl("set_policy", *arguments, json.dumps(numbers))

    def evaluate(self, expression: str) -> str:
        """What an Erlang expression of the node's is, as `{ok, VALUE}`, in milliseconds."""
        # `rabbitmqctl` starts an Erlang of its own each time.
        return self._run(["erl_call", "-e", "-n", self._node, "-c", _COOKIE], expression + "\n")

    def _do(self, expression: str) -> None:
        answer = self.evaluate(expression)
        if answer != "{ok, ok}":
            raise RuntimeError(f"{expression}: {answer}")

    def _run(self, command: list[str], text: str = "") -> str:
        done = subprocess.run(
            command, input=text, env=self._environment(), capture_output=True, check=True, text=True, timeout=60
        )
        return done.stdout

    def _configure(self, consumer_timeout: float) -> None:
        home = self._folder / "home"
        home.mkdir(parents=True)
        cookie = home / ".erlang.cookie"
        cookie.write_text(_COOKIE)
        cookie.chmod(0o400)
        own = {
            "listeners.tcp.1": f"127.0.0.1:{self._port}",
            "consumer_timeout": f"{round(consumer_timeout * 1000)}",
            "disk_free_limit.absolute": "50MB",
        }
        ours = [line for line in CONFIGURATION.read_text().splitlines() if line.split(" = ")[0] not in own]
        lines = [*ours, *(f"{key} = {value}" for key, value in own.items()), ""]
        (self._folder / "rabbitmq.conf").write_text("\n".join(lines))
        (self._folder / "advanced.config").write_text("[{rabbit, [{channel_tick_interval, 1000}]}].\n")

    def _environment(self) -> dict[str, str]:
        own = {
            "HOME": str(self._folder / "home"),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the node instead of watching over it
        }
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | own

    def _spawn(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self._folder / "output").open("ab") as output:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],  # or a killed test run would leave it behind
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _wait_until_it_answers(self, broker: "subprocess.Popen[bytes]") -> None:
        give_up = time.monotonic() + _START_SECONDS
        while not _answers(self._port):
            if broker.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"RabbitMQ does not start:\n{(self._folder / 'output').read_text()}")
            time.sleep(0.05)


_COOKIE = "magritte"


@contextmanager
def memory_alarm(server: RabbitMQServer) -> Iterator[None]:
    """Let the broker think that it has no memory left."""
    server.ctl("set_vm_memory_high_watermark", "0")
    try:
        yield
    finally:
        server.ctl("set_vm_memory_high_watermark", "0.4")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(_GREETING)
            return len(connection.recv(1)) == 1
    except OSError:
        return False


def _end(process: "subprocess.Popen[bytes] | None") -> None:
    if process is not None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
