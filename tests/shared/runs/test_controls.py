from pathlib import Path

from shared.runs import controls
from shared.runs.controls import Controls
from shared.runs.registry import try_again
from shared.store import FolderStore


def test_nothing_stands_in_a_new_store(tmp_path: Path) -> None:
    assert controls.controls_in_force(FolderStore(tmp_path)) == Controls()


def test_what_was_asked_stands_until_it_is_undone(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    controls.pause(store, "face-detector")
    controls.pause(store, "upscaler")
    controls.cancel(store, "anya-001")
    assert controls.controls_in_force(store) == Controls(
        frozenset({"face-detector", "upscaler"}), frozenset({"anya-001"})
    )
    controls.unpause(store, "upscaler")
    try_again(store, "anya-001")
    assert controls.controls_in_force(store) == Controls(paused=frozenset({"face-detector"}))


def test_undoing_what_was_never_asked_is_no_error(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    controls.unpause(store, "trainer")
    try_again(store, "anya-001")
