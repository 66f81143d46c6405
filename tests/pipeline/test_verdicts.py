"""A person's verdicts and reviews, from the command to the next version of the data set."""

import json
from typing import Any

import numpy as np
from PIL import Image

from shared.contract import keys
from tests.pipeline.conftest import RECIPE, Workplace
from tests.services.scraper.conftest import Server, server

__all__ = ["server"]  # a fixture


def manifests(workplace: Workplace) -> list[list[str]]:
    """The entries in every version of the run's data set, by the manifests."""
    data = workplace.root / "data"
    found = []
    for path in sorted((data / "runs").glob("*/datasets/*.json")):
        digest = json.loads(path.read_text())["digest"]
        manifest = json.loads((data / "datasets" / digest[:20] / "manifest.json").read_text())
        found.append(sorted(member["entry"] for member in manifest["members"]))
    return found


def version(workplace: Workplace, number: int) -> dict[str, Any]:
    path = workplace.root / "data" / "runs" / "anya-001" / "datasets" / f"{number:04d}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_dropped_picture_is_in_no_later_version_until_it_is_kept_again(workplace: Workplace) -> None:
    workplace.run()
    (first,) = manifests(workplace)
    assert "verdict 1: drop 3.png" in workplace.magritte("verdict", "drop", "3.png", "--why", "not her")
    assert workplace.status()["phase"] == "comparing"
    workplace.run()
    (dropped,) = set(first) - set(manifests(workplace)[1])
    assert workplace.status()["run"] == "anya-001"
    assert '"rejected"' in workplace.magritte("status", "--json")
    assert version(workplace, 2) | {"digest": ""} == {"digest": "", "parent": 1, "verdicts": [1]}
    workplace.magritte("verdict", "keep", dropped)
    workplace.run()
    assert manifests(workplace) == [first, [entry for entry in first if entry != dropped], first]
    assert version(workplace, 3)["digest"] == version(workplace, 1)["digest"]


def test_a_verdict_holds_in_a_later_run_with_other_settings(workplace: Workplace) -> None:
    workplace.run()
    workplace.magritte("verdict", "drop", "3.png")
    workplace.write_recipe(RECIPE + "faces: {expand: {top: 0.6}}\n")
    workplace.run()
    assert workplace.status()["run"] == "anya-002"
    first, second = manifests(workplace)
    assert len(second) == len(first) - 1


def faces_of(workplace: Workplace, number: int) -> dict[str, str]:
    """The pictures of a version of the data set, by entry and face."""
    digest = version(workplace, number)["digest"]
    manifest = json.loads((workplace.root / "data" / "datasets" / digest[:20] / "manifest.json").read_text())
    return {f"{member['entry']}.{member['face']}": member["picture"] for member in manifest["members"]}


def test_a_box_by_hand_is_in_the_next_version_and_in_later_runs_until_it_is_taken_back(workplace: Workplace) -> None:
    workplace.run()
    first = faces_of(workplace, 1)
    face = min(first)
    workplace.magritte("verdict", "box", face, "70,60,200,180", "--angle", "12")
    assert workplace.status()["phase"] == "gathering"
    workplace.run()
    second = faces_of(workplace, 2)
    assert {name for name in first if first[name] != second.get(name)} == {face}
    (found,) = [each for each in workplace.journal() if each["type"] == "face-found" and each.get("angle") == 12]
    data = workplace.root / "data"
    original = np.asarray(Image.open(data / keys.original(found["image"])).convert("RGB"))
    picture = np.asarray(Image.open(data / keys.normalized(second[face])).convert("RGB"), np.float32)
    turned = Image.fromarray(original).rotate(12, Image.Resampling.BICUBIC, center=(170, 150)).crop((70, 60, 270, 240))
    wanted = np.asarray(turned.resize((64, 58), Image.Resampling.LANCZOS), np.float32)
    assert np.abs(picture[3:61] - wanted).mean() < 2

    workplace.magritte("verdict", "keep", face)
    workplace.run()
    assert faces_of(workplace, 3) == first
    workplace.magritte("verdict", "box", face, "70,60,200,180", "--angle", "12")
    workplace.write_recipe(RECIPE + "faces: {expand: {top: 0.6}}\n")
    workplace.run()
    assert workplace.status()["run"] == "anya-002"
    cut = [each for each in workplace.journal() if each["type"] == "face-found" and each.get("angle") == 12]
    assert [(each["run"], each["box"]) for each in cut] == [(f"anya-00{n}", [70, 60, 200, 180]) for n in (1, 2)]


def test_a_face_that_no_detector_has_found_is_added_by_hand(workplace: Workplace) -> None:
    workplace.run()
    workplace.magritte("verdict", "box", "sky.png", "100,100,80,80")
    workplace.run()
    added = set(faces_of(workplace, 2)) - set(faces_of(workplace, 1))
    assert [name.partition(".")[2] for name in added] == ["1000"]
    assert workplace.status()["faces"] == len(faces_of(workplace, 2))


def test_a_run_with_a_review_packs_once_that_is_closed(workplace: Workplace) -> None:
    workplace.write_recipe(RECIPE + "review: {required: true}\n")
    workplace.run()
    assert workplace.status()["phase"] == "reviewing"
    assert "magritte review close anya-001" in workplace.magritte("status")
    assert manifests(workplace) == []
    workplace.magritte("verdict", "drop", "3.png")
    workplace.magritte("review", "close")
    workplace.run()
    assert workplace.status()["phase"] == "finished"
    (only,) = manifests(workplace)
    assert len(only) == workplace.status()["faces"]


def test_a_work_that_is_excluded_after_a_run_is_not_in_its_next_data_set(
    workplace: Workplace, server: Server, drawings: list[bytes]
) -> None:
    addresses = [server.address(f"/{number}.png") for number in range(3)]
    for number, drawing in enumerate(drawings[:3]):
        server.routes[f"/{number}.png"] = lambda handler, drawing=drawing: handler.answer(body=drawing)
    source = json.dumps({"urls": addresses, "pause": 0})
    workplace.write_recipe(RECIPE.replace("{folder: ./pictures}", source))
    workplace.run(MAGRITTE_PRIVATE_NETWORKS="127.0.0.1")
    exclude = workplace.root / "exclude.yaml"
    exclude.write_text(json.dumps({"works": addresses[:1]}))
    assert "drop 1 pictures of run anya-001" in workplace.magritte("verdict", "exclude", str(exclude))
    workplace.run(MAGRITTE_PRIVATE_NETWORKS="127.0.0.1")
    first, second = manifests(workplace)
    assert (len(first), len(second), set(second) < set(first)) == (3, 2, True)
    assert len(server.requests_received) == 3
