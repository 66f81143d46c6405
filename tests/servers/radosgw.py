"""A real S3 server for tests: Ceph's gateway over one monitor and one storage daemon that keeps all in memory."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from shared.settings import Settings
from tests.servers.ports import free_ports

PROGRAMS = ("ceph-mon", "ceph-osd", "monmaptool", "osdmaptool", "radosgw", "radosgw-admin")

_CONFIGURATION = """
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{monitor_port}
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
run dir = {folder}
crash dir = {folder}/crash
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
keyring = {folder}/keyring
admin socket =
pid file =
paxos propose interval = 0.05
mon allow pool size one = true
# Else it shuts down where less than 5 % of the disk is free, and everybody waits for it.
mon data avail crit = 0
mon data avail warn = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd crush initial weight = 1
osd class load list = *
osd class default list = *
osd objectstore = memstore
memstore device bytes = 2147483648

[mon.a]
mon data = {folder}/mon

[osd.0]
osd data = {folder}/osd
# It is in the first map already. The commands by which it would enter itself are refused ("wrong fsid"), and it ends
# or hangs, whenever they overtake the monitor's answer to its greeting.
osd class update on start = false
osd crush update on start = false

[client.rgw]
rgw data = {folder}/rgw
# Without tcp_nodelay many requests take 40 ms longer.
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable ops log = false
rgw run sync thread = false
rgw dynamic resharding = false
rgw override bucket index max shards = 1
# Quotas are to hold from the next object on; and whoever changes something that may be in the cache of a gateway
# waits half a minute for the answer of one that was killed.
rgw bucket quota ttl = 0
rgw cache enabled = false
"""


class Radosgw:
    """A server with one user, ready when the context is entered, killed and forgotten when it is left.

    Daemons die with the thread that started them, so a killed test leaves none behind.
    """

    access_key = "MAGRITTE-TESTS"
    secret_key = "not-a-secret-but-the-key-of-a-test"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, monitor_port = free_ports(2)
        self._fsid = str(uuid4())
        self._monitor = f"[v1:127.0.0.1:{monitor_port}]"
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        text = _CONFIGURATION.format(fsid=self._fsid, folder=folder, port=self._port, monitor_port=monitor_port)
        (folder / "ceph.conf").write_text(text)
        (folder / "osd").mkdir()

    @staticmethod
    def missing() -> list[str]:
        """The programs that are not installed."""
        return [name for name in PROGRAMS if shutil.which(name) is None]

    @property
    def endpoint(self) -> str:
        """Its address as S3 clients want it."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """The port of the gateway on loopback."""
        return self._port

    def environment(self, where: str, endpoint: str = "") -> dict[str, str]:
        """The variables with which Magritte has its store at `BUCKET` or `BUCKET/PREFIX` here."""
        return {
            "MAGRITTE_STORE": f"s3://{where}",
            "MAGRITTE_S3_ENDPOINT": endpoint or self.endpoint,
            "MAGRITTE_S3_ACCESS_KEY": self.access_key,
            "MAGRITTE_S3_SECRET_KEY": self.secret_key,
        }

    def settings(self, where: str, endpoint: str = "", **others: object) -> Settings:
        """The same as settings, with others."""
        variables = self.environment(where, endpoint).items()
        given = {name.removeprefix("MAGRITTE_").lower(): value for name, value in variables}
        return Settings.model_validate(given | others)

    def __enter__(self) -> Self:
        try:
            self._start_monitor()
            self._start_storage()
            self._admin(
                *("user", "create", "--display-name=tests", "--max-buckets=0"),
                *(f"--access-key={self.access_key}", f"--secret-key={self.secret_key}"),
            )
            self.start_gateway()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill all daemons; what they hold is lost."""
        for name in ("radosgw", "ceph-osd", "ceph-mon"):
            self._kill(name)

    def start_gateway(self) -> None:
        """Start the gateway, at the same address as before, and wait until it answers. Objects are as they were."""
        self._start("radosgw", "--name=client.rgw")
        self._wait_until_it_answers()

    def kill_gateway(self) -> None:
        """Kill the gateway as a crash would; what it had answered is safe in the storage daemon."""
        self._kill("radosgw")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the storage daemon for a while: the gateway accepts requests and does not answer them."""
        process = self._daemons["ceph-osd"]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    @contextmanager
    def quota(self, bucket: str, objects: int) -> Iterator[None]:
        """Let a bucket hold so many objects at most for a while."""
        self._admin("quota", "set", f"--max-objects={objects}", bucket=bucket)
        self._admin("quota", "enable", bucket=bucket)
        try:
            yield
        finally:
            self._admin("quota", "disable", bucket=bucket)

    def _start_monitor(self) -> None:
        monitors, disks = (str(self._folder / name) for name in ("monmap", "osdmap"))
        self._run("monmaptool", "--create", f"--fsid={self._fsid}", "--addv", "a", self._monitor, monitors)
        self._run("osdmaptool", *self._configured, "--createsimple", "1", disks)
        self._run("ceph-mon", *self._configured, "--mkfs", "--id=a", f"--monmap={monitors}", f"--osdmap={disks}")
        self._start("ceph-mon", "--id=a")

    def _start_storage(self) -> None:
        self._run("ceph-osd", *self._configured, "--id=0", "--mkfs", f"--osd-uuid={uuid4()}")
        self._start("ceph-osd", "--id=0")

    def _admin(self, *words: str, bucket: str = "") -> None:
        whom = f"--bucket={bucket}" if bucket else "--uid=tests"
        scope = ["--quota-scope=bucket"] if bucket else []
        self._run("radosgw-admin", *self._configured, "--name=client.rgw", *words, whom, *scope)

    @property
    def _configured(self) -> list[str]:
        return [f"--conf={self._folder / 'ceph.conf'}"]

    def _run(self, *command: str) -> None:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        except subprocess.TimeoutExpired as error:
            ended = [name for name, process in self._daemons.items() if process.poll() is not None]
            raise RuntimeError(f"{' '.join(command)}: no answer in 60 s; daemons that have ended: {ended}") from error
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}")

    def _start(self, program: str, *options: str) -> None:
        command = ["setpriv", "--pdeathsig=KILL", program, *self._configured, "--foreground", *options]
        with (self._folder / f"{program}.out").open("ab") as out:
            self._daemons[program] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def _kill(self, name: str) -> None:
        if (process := self._daemons.pop(name, None)) is not None:
            process.kill()
            process.wait()

    def _wait_until_it_answers(self, seconds: float = 60) -> None:
        gateway, end = self._daemons["radosgw"], time.monotonic() + seconds
        while not _answers(self._port):
            if gateway.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"radosgw did not start: {(self._folder / 'radosgw.out').read_text()}")
            time.sleep(0.02)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
