import numpy as np
import pytest

from services.ranker.sheets import ranking_sheet


def flat(value: int, side: int, channels: int = 3) -> np.ndarray:
    return np.full((side, side, channels), value, np.uint8)


@pytest.mark.parametrize(("count", "size"), [(1, (140, 160)), (2, (274, 160)), (3, (274, 314)), (48, (1078, 930))])
def test_a_sheet_is_as_large_as_its_pictures_need(count: int, size: tuple[int, int]) -> None:
    assert ranking_sheet(np.stack([flat(9, 16)] * count), ["#1"] * count).size == size


@pytest.mark.parametrize(("side", "channels"), [(8, 3), (128, 3), (512, 3), (64, 1)])
def test_pictures_of_any_size_become_thumbnails_row_by_row(side: int, channels: int) -> None:
    page = ranking_sheet(np.stack([flat(value, side, channels) for value in (10, 20, 30)]), ["#1", "#2", "#3"])
    assert [page.getpixel(place) for place in ((70, 70), (204, 70), (70, 224))] == [(n, n, n) for n in (10, 20, 30)]


def test_a_caption_stands_below_its_picture() -> None:
    page = np.asarray(ranking_sheet(np.stack([flat(255, 8), flat(255, 8)]), ["#1  -12.34", ""]).convert("L"))
    below_first, below_second = page[134:154, :140], page[134:154, 140:]
    assert (below_first < 128).sum() > 50
    assert (below_second == 255).all()
    assert (page[:134] == 255).all()
