"""An S3 server as object store: any that honours create-only puts (`If-None-Match: *`), such as AWS, SeaweedFS or Ceph.

Relied on beside that: a listing in the order of the keys. Not relied on: ETags, versions, notifications, `If-Match`.
What fails is not repeated here, since the runtime knows better when to try an item again.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from uuid import uuid4
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.error import MinioException, S3Error, ServerError
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from shared.contract.errors import (
    MagritteError,
    NotFound,
    Poison,
    SettingsError,
    StoreUnavailable,
    Unusable,
    storage_error,
)
from shared.contract.keys import checked
from shared.settings import Settings
from shared.store.s3_errors import meaning
from shared.store.translation import Translated

_SIGNED_FOR = timedelta(hours=1)
"""Validity of addresses: long enough to look through a page of pictures and for clocks that differ, and no longer, so
that an address can be passed on."""

_PART = 16 * 2**20
"""Larger objects are sent in parts of this size; a part is held in memory."""

_BLOCK = 2**16
_CONNECTIONS = 64
"""Connections that are kept open; more threads than that open further ones for a while."""

_CONFLICTS = 3
"""Attempts at a create-only put when the server answers that another one was in the way."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class S3Store:
    """A `Store` in a bucket, or below `prefix` in it. Any number of threads share its connections."""

    def __init__(
        self, client: Minio, pool: PoolManager, bucket: str, prefix: str = "", public: Minio | None = None
    ) -> None:
        """Use `client` for requests and `public` for addresses that people open, if theirs differs from ours."""
        self._client = client
        self._pool = pool
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._public = public or client

    def prepare(self) -> None:
        probe = f"probe/{uuid4().hex}"
        with self._errors(f"bucket {self._bucket}"):
            created = self._create_in_new_bucket(probe)
            again = self._create(probe, b"")
        self.delete(probe)
        if again or not created:
            raise Unusable(f"the S3 server replaces objects that it should only create (If-None-Match): {_NEEDED}")

    def get(self, key: str) -> bytes:
        with self._errors(key), self._opened(key) as response:
            return response.read()

    def put(self, key: str, data: bytes) -> None:
        with self._errors(key):
            self._upload(key, BytesIO(data), len(data))

    def put_new(self, key: str, data: bytes) -> bool:
        with self._errors(key):
            return self._create(key, data)

    def put_file(self, key: str, path: Path) -> None:
        with self._errors(key):
            with path.open("rb") as stream:
                self._upload(key, stream, path.stat().st_size)
            path.unlink()

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        name = Path(checked(key)).name
        with tempfile.TemporaryDirectory(prefix="magritte-") as folder:
            path = Path(folder, name)
            self._download(key, path)
            yield path

    @contextmanager
    def folder(self, prefix: str) -> Iterator[Path]:
        found = list(self.list(prefix))
        if not found:
            raise NotFound(f"no objects {prefix}")
        with tempfile.TemporaryDirectory(prefix="magritte-") as folder:
            for key in found:
                path = Path(folder, checked(key).removeprefix(prefix))
                with self._errors(key):
                    path.parent.mkdir(parents=True, exist_ok=True)
                self._download(key, path)
            yield Path(folder)

    def exists(self, key: str) -> bool:
        try:
            with self._errors(key):
                self._client.stat_object(self._bucket, self._name(key))
        except NotFound:
            return False
        return True

    def list(self, prefix: str) -> Iterator[str]:
        whole = self._name(prefix.rstrip("/")) + "/"
        with self._errors(prefix):
            for each in self._client.list_objects(self._bucket, prefix=whole, recursive=True):
                if each.object_name and not each.is_dir:
                    yield each.object_name.removeprefix(self._prefix)

    def delete(self, key: str) -> None:
        with suppress(NotFound), self._errors(key):
            self._client.remove_object(self._bucket, self._name(key))

    def url(self, key: str) -> str:
        return self._public.presigned_get_object(self._bucket, self._name(key), expires=_SIGNED_FOR)

    def _name(self, key: str) -> str:
        return self._prefix + checked(key)

    @contextmanager
    def _opened(self, key: str) -> Iterator[BaseHTTPResponse]:
        response = self._client.get_object(self._bucket, self._name(key))
        try:
            yield response
        finally:
            response.close()
            response.release_conn()

    def _download(self, key: str, path: Path) -> None:
        with self._errors(key), self._opened(key) as response, path.open("wb") as file:
            for block in response.stream(2**20):
                file.write(block)

    def _upload(self, key: str, stream: BinaryIO, length: int) -> None:
        # One part after the other: three at once take three times the memory, and go on after one has failed.
        done = self._client.put_object(
            self._bucket, self._name(key), stream, length, part_size=_PART, num_parallel_uploads=1
        )
        if not done.object_name:
            # Completing an upload in parts can fail after its status was sent, which the SDK does not notice.
            raise StoreUnavailable(f"{key}: the S3 server did not put the parts together")

    def _create(self, key: str, data: bytes) -> bool:
        """Create an object unless it exists; return whether it is new.

        Only signed addresses let us add a header to a put by public means of the SDK.
        """
        url = self._client.get_presigned_url("PUT", self._bucket, self._name(key), expires=_SIGNED_FOR)
        headers = {"If-None-Match": "*", "Content-Type": "application/octet-stream", "Content-Length": str(len(data))}
        for _ in range(_CONFLICTS):
            response = self._pool.urlopen("PUT", url, body=data, headers=headers)
            # Of several writers at once some servers answer all but one that they are to try again.
            if response.status != HTTPStatus.CONFLICT:
                break
        if response.status == HTTPStatus.NOT_IMPLEMENTED:
            raise Unusable(f"the S3 server cannot create objects without replacing any (If-None-Match): {_NEEDED}")
        if not 200 <= response.status < 300 and response.status != HTTPStatus.PRECONDITION_FAILED:
            raise _failure(response)
        return response.status != HTTPStatus.PRECONDITION_FAILED

    def _create_in_new_bucket(self, key: str) -> bool:
        try:
            return self._create(key, b"")
        except S3Error as error:
            if error.code != "NoSuchBucket":
                raise
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as error:
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
        return self._create(key, b"")

    def _errors(self, what: str) -> Translated:
        return Translated(partial(self._meaning, what))

    def _meaning(self, what: str, error: BaseException) -> MagritteError | None:
        if isinstance(error, S3Error):
            return meaning(error.code or "", error.response.status, what, self._bucket)
        if isinstance(error, MinioException | HTTPError | ParseError | UnicodeDecodeError):
            return StoreUnavailable(f"{what}: {str(error)[:300]}")
        if isinstance(error, OSError):
            return storage_error(error, error.filename or tempfile.gettempdir())
        return None


_NEEDED = "use one that can, such as SeaweedFS 4.18 or later"


class _BlockwisePool(PoolManager):
    """Sends bodies in blocks. The time to connect also limits every single `send` of urllib3, which for `bytes` is
    that of the whole body: an honest but slow line would never get a large object through."""

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> BaseHTTPResponse:  # type: ignore[override]
        if body := kw.get("body"):
            kw["body"] = BytesIO(body)
        return super().urlopen(method, url, redirect, **kw)


def open_s3(
    bucket_and_prefix: str, settings: Settings, connect_seconds: float = 10, read_seconds: float = 30
) -> S3Store:
    """Return the store in `BUCKET` or `BUCKET/PREFIX`; sends nothing yet.

    The server is unavailable if it takes longer than `connect_seconds` to accept a connection or a block of 64 kB, or
    longer than `read_seconds` to send the next bytes of an answer. Raises `SettingsError` for unusable settings.
    """
    bucket, _, prefix = bucket_and_prefix.partition("/")
    if not _BUCKET.fullmatch(bucket) or not _is_prefix(prefix):
        raise SettingsError(f"MAGRITTE_STORE: s3://{bucket_and_prefix} names no bucket; write s3://BUCKET/PREFIX")
    timeout = Timeout(connect=connect_seconds, read=read_seconds)
    pool = _BlockwisePool(timeout=timeout, retries=False, maxsize=_CONNECTIONS, blocksize=_BLOCK)
    client = _client("s3_endpoint", settings, pool)
    public = _client("s3_public_endpoint", settings, pool) if settings.s3_public_endpoint else None
    return S3Store(client, pool, bucket, prefix, public)


def _is_prefix(text: str) -> bool:
    try:
        return not text or bool(checked(text))
    except Poison:
        return False


def _client(field: str, settings: Settings, pool: PoolManager) -> Minio:
    """Return a client of the server in the setting `field`; given the region, it signs without asking the server."""
    address, scheme = _endpoint(field, getattr(settings, field))
    for key in ("s3_access_key", "s3_secret_key"):
        if not getattr(settings, key).get_secret_value():
            raise SettingsError(f"{_variable(key)}: needed for a store at s3:")
    try:
        return Minio(
            address,
            settings.s3_access_key.get_secret_value(),
            settings.s3_secret_key.get_secret_value(),
            secure=scheme == "https",
            region=settings.s3_region,
            http_client=pool,
        )
    except ValueError as error:
        raise SettingsError(f"{_variable(field)} or MAGRITTE_S3_REGION: {error}") from error


def _endpoint(field: str, text: str) -> tuple[str, str]:
    """Split a server's address into its host, with a port if there is one, and its scheme."""
    found = re.fullmatch(r"(https?)://([^/?#@\s]+)/?", text)
    if not found:
        raise SettingsError(f"{_variable(field)}: {text!r} is no address; write http://HOST:PORT or https://HOST")
    try:
        urlsplit(text).port  # noqa: B018
    except ValueError as error:
        raise SettingsError(f"{_variable(field)}: {text!r}: {error}") from error
    return found[2], found[1]


def _variable(field: str) -> str:
    return f"MAGRITTE_{field.upper()}"


def _failure(response: BaseHTTPResponse) -> MinioException:
    if response.data and "xml" in response.headers.get("Content-Type", ""):
        return S3Error.fromxml(response)
    return ServerError(f"the S3 server answered {response.status}", response.status)
