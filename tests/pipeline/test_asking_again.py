"""Addresses that do not answer with a picture the first time, in whole runs."""

from collections.abc import Callable
from typing import Any

from tests.pipeline.conftest import Workplace
from tests.services.scraper.conftest import Handler, Server, server

__all__ = ["server"]  # a fixture

Fates = Callable[[dict[str, Any]], dict[str, int]]

RECIPE = """
name: anya
sources: [{{urls: [{address}], pause: 0}}]
normalized: {{size: 64}}
upscaling: {{enabled: false}}
training: {{kimg: 0}}
"""
LOOPBACK = {"MAGRITTE_PRIVATE_NETWORKS": "127.0.0.1"}


def page(handler: Handler) -> None:
    handler.answer(body=b"<!doctype html><title>Just a moment...</title>", Content_Type="text/html")


def test_an_address_is_asked_again_by_the_next_run_and_at_once_when_a_person_wants_it(
    workplace: Workplace, server: Server, fates_of: Fates, drawings: list[bytes]
) -> None:
    path = str(workplace.write_recipe(RECIPE.format(address=server.address("/a.png"))))
    server.routes["/a.png"] = page
    for requests in (1, 2, 2):  # the third run begins within ten minutes
        workplace.magritte("run", path, expect=75, **LOOPBACK)
        assert fates_of(workplace.status()) == {"not-a-picture": 1}
        assert len(server.requests_received) == requests
    server.routes["/a.png"] = lambda handler: handler.answer(body=drawings[0])
    workplace.magritte("run", "--retry-failed", path, **LOOPBACK)
    assert fates_of(workplace.status()) == {"in-dataset": 1}


def test_a_page_in_place_of_a_picture_is_a_failure_by_the_exit_code_and_a_file_that_is_no_picture_is_none(
    workplace: Workplace, server: Server
) -> None:
    (workplace.pictures / "page.jpg").write_bytes(b"<!doctype html><title>Just a moment...</title>")
    server.routes["/a.png"] = page
    address = server.address("/a.png")
    path = workplace.write_recipe(RECIPE.format(address=address).replace("[{", "[{folder: ./pictures}, {"))
    process = workplace.start("run", str(path), **LOOPBACK)
    _, said = process.communicate(timeout=120)
    assert "1 addresses answered with something else than a whole picture: `magritte run --retry-failed" in said
    assert process.returncode == 75
    workplace.write_recipe()
    workplace.run()
