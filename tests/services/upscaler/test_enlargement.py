import pytest

from services.upscaler.enlargement import factor


@pytest.mark.parametrize(
    ("side", "expected"), [(2000, 1), (513, 1), (512, 1), (511, 2), (256, 2), (255, 4), (128, 4), (127, 8), (48, 16)]
)
def test_a_crop_is_doubled_as_often_as_needed_and_no_oftener(side: int, expected: int) -> None:
    assert factor(side, 512) == expected


def test_smaller_pictures_need_less() -> None:
    assert factor(100, 64) == 1
