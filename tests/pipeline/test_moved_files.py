"""A run whose recipe names files goes on where those files are not: they were put into the store at its beginning."""

from pathlib import Path

import pytest

from shared.store import FolderStore
from tests.pipeline.conftest import RECIPE, Workplace

MODEL = Path(__file__).resolve().parents[3] / "shared" / "data" / "lbpcascade_animeface.xml"


@pytest.mark.skipif(not MODEL.is_file(), reason=f"needs the cascade {MODEL}")
def test_a_run_needs_none_of_the_files_that_its_recipe_names_once_it_has_begun(workplace: Workplace) -> None:
    model = workplace.root / "cascade.xml"
    model.write_bytes(MODEL.read_bytes())
    workplace.write_recipe(RECIPE + "faces: {detector: cascade, cascade: {model: ./cascade.xml}}\n")
    workplace.run()
    status = workplace.status()
    (record,) = (workplace.root / "data" / "recipes").iterdir()
    assert "cascade.xml" not in record.read_text()
    assert len(list(FolderStore(workplace.root / "data").list("files/"))) == 1
    model.unlink()
    assert workplace.status() == status
    assert workplace.magritte("verify")
