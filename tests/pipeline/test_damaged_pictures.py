"""A picture of the data set that is damaged in the store before it is packed."""

import shutil

from tests.pipeline.conftest import RECIPE, Workplace, drawings, workplace

__all__ = ["drawings", "workplace"]  # fixtures


def test_a_damaged_picture_is_named_and_made_anew_as_the_message_says(workplace: Workplace) -> None:
    workplace.write_recipe(RECIPE + "review: {required: true}\n")
    workplace.run()
    data = workplace.root / "data"
    picture = min(path for path in (data / "normalized").rglob("*") if path.is_file())
    whole = picture.read_bytes()
    picture.write_bytes(b"junk")
    workplace.magritte("review", "close")
    process = workplace.start("run", str(workplace.root / "recipe.yaml"))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert f"{picture.relative_to(data)} is damaged. Delete it and the folder actions/normalizer" in err
    picture.unlink()
    shutil.rmtree(data / "actions" / "normalizer")
    workplace.run()
    assert picture.read_bytes() == whole
    assert "every record of every level is right" in workplace.magritte("verify")
