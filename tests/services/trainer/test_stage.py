import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.trainer.stage import Trainer
from shared.contract import keys
from shared.contract.errors import Poison
from shared.contract.messages import Message
from shared.contract.stage import Context
from shared.runs.trainings import CHECKPOINT, FAKES, FILES, NEIGHBOURS, NETWORK, QUALITY, STATS
from shared.stylegan2 import network_file
from shared.stylegan2.errors import BadFile
from shared.stylegan2.labels_file import encode_labels, labels_file_name, one_hot
from tests.services.trainer.conftest import DATASET, NAME, PACKED, TOY, Bench, due, taken


def read(bench: Bench, key: str) -> NDArray[np.uint8]:
    with Image.open(bench.folder / key) as picture:
        return np.array(picture)


def test_a_packed_data_set_asks_for_the_first_leg(bench: Bench) -> None:
    assert bench.answers(Trainer(), PACKED) == [due(0)]


def test_nothing_is_trained_when_the_recipe_wants_no_kimg(bench: Bench) -> None:
    bench.training = TOY.model_copy(update={"kimg": 0.0})
    assert bench.answers(Trainer(), PACKED) == []
    assert bench.answers(Trainer(), due(0)) == []


def test_each_leg_takes_a_snapshot_and_asks_for_the_next(undisturbed: tuple[Bench, list[Message]]) -> None:
    _, answers = undisturbed
    assert answers == [due(0), taken(1, 0.008), due(1), taken(2, 0.016), due(2), taken(3, 0.024, last=True)]


def test_a_complete_training_is_answered_with_its_last_snapshot(trained: Bench) -> None:
    assert trained.answers(Trainer(), PACKED) == [taken(3, 0.024, last=True)]


def test_a_leg_that_is_complete_already_is_answered_with_what_is_next(trained: Bench) -> None:
    trained.forget_legs_after(2)
    assert trained.answers(Trainer(), due(0)) == [taken(1, 0.008), due(2)]


def test_a_leg_whose_training_has_not_come_so_far_is_answered_with_what_is_next(trained: Bench) -> None:
    trained.forget_legs_after(1)
    assert trained.answers(Trainer(), due(2)) == [due(1)]


def test_a_snapshot_has_all_its_files(trained: Bench) -> None:
    for leg in (1, 2, 3):
        snapshot = trained.snapshot(leg)
        assert set(snapshot.files) == set(FILES)
        assert all(trained.store.exists(snapshot.key(file)) for file in (NETWORK, FAKES, STATS))


def test_only_the_last_two_checkpoints_are_kept(trained: Bench) -> None:
    kept = [trained.store.exists(trained.snapshot(leg).key(CHECKPOINT)) for leg in (1, 2, 3)]
    assert kept == [False, True, True]


def test_a_training_shows_what_it_starts_from(trained: Bench) -> None:
    reals, fakes = (read(trained, keys.leg(NAME, 0, f"{name}.png")) for name in ("reals", "fakes_init"))
    assert reals.shape == (8, 12 * 8, 3)
    assert fakes.shape == (8 * 8, 12 * 8, 3)
    assert not reals[:, 10 * 8 :].any()
    assert reals[:, : 10 * 8].any(axis=(0, 2)).all()
    assert json.loads(trained.store.get(keys.leg(NAME, 0, "training.json")))["dataset"] == DATASET


def test_every_leg_draws_the_same_latents(trained: Bench) -> None:
    grids = [read(trained, trained.snapshot(leg).key(FAKES)).astype(int) for leg in (2, 3)]
    assert 0 < np.abs(grids[0] - grids[1]).mean() < 10


def test_each_tick_is_a_line_of_statistics_and_is_told(bench: Bench) -> None:
    bench.train(Trainer(), legs=1)
    lines = [json.loads(line) for line in bench.store.get(bench.snapshot(1).key(STATS)).splitlines()]
    assert [(line["tick"], line["kimg"]) for line in lines] == [(1, 0.004), (2, 0.008)]
    assert lines[0].keys() >= {"sec_per_kimg", "eta", "loss_g", "loss_d", "r1_penalty", "path_length_penalty"}
    assert lines[0].keys() >= {"real_score", "fake_score", "real_sign"}
    assert [facts for event, facts in bench.emitted if event == "tick"] == lines


def test_a_longer_training_goes_on_where_the_shorter_one_ended(trained: Bench) -> None:
    trained.training = TOY.model_copy(update={"kimg": 0.028})
    assert trained.train(Trainer())[-1] == taken(4, 0.028, last=True)


def test_a_shorter_training_ends_with_the_snapshot_of_its_length(trained: Bench) -> None:
    trained.training = TOY.model_copy(update={"kimg": 0.016})
    assert trained.answers(Trainer(), PACKED) == [taken(2, 0.016, last=True)]


def test_a_training_can_start_from_a_network_whose_sizes_are_not_the_recipes(trained: Bench) -> None:
    file = trained.folder / trained.snapshot(3).key(NETWORK)
    trained.training = TOY.model_copy(update={"start_from": file, "latent_size": 32, "seed": 8})
    answers = trained.train(Trainer(), legs=1)
    assert answers[1].training != NAME
    before, after = (
        network_file.load((trained.folder / path).read_bytes()) for path in (file, trained.snapshot(1).key(NETWORK))
    )
    assert before.architecture == after.architecture
    moved = max(np.abs(after.G[name] - value).max() for name, value in before.G.items())
    assert 0 < moved < 0.05
    assert any(event == "start-from" for event, _ in trained.emitted)


def test_a_training_that_diverges_ends_with_a_clear_text_and_no_snapshot(bench: Bench) -> None:
    bench.training = TOY.model_copy(update={"learning_rate": 1e30, "leg_kimg": 1.0})
    with pytest.raises(Poison, match=r"not finite in 3 ticks.*learning_rate"):
        bench.train(Trainer())
    assert bench.answers(Trainer(), PACKED)[0].leg == 0
    assert [facts["leg"] for event, facts in bench.emitted if event == "diverged"] == [0]


class Unlucky(Trainer):
    """Something happens to D in the first session with a checkpoint: a bit of memory, or a gradient beyond bounds."""

    happened = False

    def _open(self, job: Any, number: int, settings: Any, context: Context) -> Any:
        session = super()._open(job, number, settings, context)
        if number and not self.happened:
            self.happened = True
            state = session.state()
            session.restore(state | {"D/Output/bias": np.full_like(state["D/Output/bias"], np.nan)})
        return session


def test_a_leg_that_diverges_is_trained_again_from_the_last_checkpoint_with_other_random_numbers(
    trained: Bench, expected: str
) -> None:
    trained.forget_legs_after(2)
    trained.training = TOY.model_copy(update={"tick_kimg": 1.0})
    assert trained.answers(Unlucky(), due(2)) == [taken(3, 0.024, last=True)]
    (reported,) = [facts for event, facts in trained.emitted if event == "diverged"]
    assert (reported["leg"], "D/Output/bias" in reported["failure"] or "not finite" in reported["failure"]) == (2, True)
    network = network_file.load((trained.folder / trained.snapshot(3).key(NETWORK)).read_bytes())
    assert all(np.isfinite(value).all() for value in network.D.values())
    assert trained.snapshot(3).files[CHECKPOINT] != expected


def test_classes_are_trained_and_drawn(bench: Bench) -> None:
    label_pictures(bench)
    bench.train(Trainer(), legs=1)
    network = network_file.load((bench.folder / bench.snapshot(1).key(NETWORK)).read_bytes())
    assert network.architecture.label_size == 2
    assert network.G["G_mapping/LabelConcat/weight"].shape == (2, 8)


def test_a_network_without_classes_goes_on_with_pictures_that_have_some(trained: Bench) -> None:
    file = trained.folder / trained.snapshot(3).key(NETWORK)
    trained.training = TOY.model_copy(update={"start_from": file, "seed": 8})
    label_pictures(trained)
    trained.train(Trainer(), legs=1)
    network = network_file.load((trained.folder / trained.snapshot(1).key(NETWORK)).read_bytes())
    assert network.D["Output/weight"].shape[1] == 2
    assert {"start-from", "classes-added"} <= {event for event, _ in trained.emitted}


def label_pictures(bench: Bench) -> None:
    """Every second picture is of the class `b`."""
    members = [{"label": "ab"[index % 2]} for index in range(10)]
    manifest = json.dumps({"classes": ["a", "b"], "members": members}).encode()
    bench.store.put(keys.dataset(DATASET, keys.MANIFEST), manifest)
    labels = one_hot([index % 2 for index in range(10)], 2)
    bench.store.put(keys.dataset(DATASET, labels_file_name("toy")), encode_labels(labels))


def test_a_single_picture_is_trained_on_and_compared_with_nothing(bench: Bench) -> None:
    bench.training = TOY.model_copy(update={"quality_pictures": 12})
    path = bench.folder / keys.dataset(DATASET, "toy-r03.tfrecords")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 10])
    bench.store.put(keys.dataset(DATASET, keys.MANIFEST), json.dumps({"members": [{}]}).encode())
    bench.train(Trainer(), legs=1)
    assert QUALITY not in bench.snapshot(1).files


def test_what_is_held_out_is_watched_and_the_pictures_drawn_are_measured(bench: Bench) -> None:
    bench.training = TOY.model_copy(update={"held_out": 0.5, "quality_pictures": 12})
    bench.train(Trainer(), legs=1)
    ticks = [facts for event, facts in bench.emitted if event == "tick"]
    assert all(isinstance(tick["overfitting"], float) and tick["held_out_score"] is not None for tick in ticks)
    snapshot = bench.snapshot(1)
    quality = json.loads(bench.store.get(snapshot.key(QUALITY)))
    assert quality["pictures"] == 12
    assert {"event": "quality"} | quality == next(
        {"event": event} | {name: facts[name] for name in quality}
        for event, facts in bench.emitted
        if event == "quality"
    )
    assert bench.store.exists(snapshot.key(NEIGHBOURS))


def test_altered_copies_are_not_held_out_apart_from_their_picture(bench: Bench) -> None:
    """All pictures are of one family here, so that none is left on the other side."""
    bench.training = TOY.model_copy(update={"held_out": 0.5})
    copies = [{"name": f"a-{number:02d}", "derived": {"from": "a", "by": "mirror"}} for number in range(1, 10)]
    manifest = {"members": [{"name": "a"}, *copies]}
    bench.store.put(keys.dataset(DATASET, keys.MANIFEST), json.dumps(manifest).encode())
    bench.train(Trainer(), legs=1)
    ticks = [facts for event, facts in bench.emitted if event == "tick"]
    assert {tick["held_out_score"] for tick in ticks} == {None}


def test_a_damaged_data_set_is_poison_that_names_the_record(bench: Bench) -> None:
    path = bench.folder / keys.dataset(DATASET, "toy-r03.tfrecords")
    data = bytearray(path.read_bytes())
    data[len(data) * 55 // 100] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadFile, match=r"toy-r03\.tfrecords, record 5"):
        bench.answers(Trainer(), due(0))


def test_importing_the_stages_loads_no_tensorflow() -> None:
    code = "import sys, services.trainer.stage, services.ranker.stage; sys.exit('tensorflow' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
