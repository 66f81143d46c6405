"""Altered copies of pictures: what is drawn for them, and that each step does what it says."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.tfrecord_packer.derived import Alteration, alteration, altered
from shared.recipe.augmented import Augmented

NOTHING = Alteration(
    mirrored=False, angle=0, left=0, top=0, side=1, brightness=1, contrast=1, saturation=1, hue=0, sharpened=0
)
RULES = Augmented(copies=2, rotation=9, crop=0.2, brightness=0.3, contrast=0.2, saturation=0.4, hue=20, sharpen=1)
PICTURES = [f"{number:064x}" for number in range(300)]


def smooth() -> Image.Image:
    """A picture of 64 px whose colours differ at each place and change slowly."""
    across, down = np.meshgrid(np.linspace(0, 3, 64), np.linspace(0, 3, 64))
    waves = np.stack([np.sin(across), np.cos(down), np.sin(across + down)], axis=-1)
    return Image.fromarray((128 + 100 * waves).astype(np.uint8))


def pixels(image: Image.Image) -> NDArray[np.int64]:
    return np.asarray(image).astype(np.int64)


def plain(*colour: int) -> Image.Image:
    return Image.new("RGB", (16, 16), (colour[0], colour[1], colour[2]))


def done(image: Image.Image, **steps: Any) -> NDArray[np.int64]:
    found = altered(image, replace(NOTHING, **steps))
    assert (found.mode, found.size) == ("RGB", image.size)
    return pixels(found)


def test_without_any_step_a_picture_stays_as_it_is() -> None:
    assert np.array_equal(done(smooth()), pixels(smooth()))
    assert str(NOTHING) == "nothing"


def test_mirroring_is_exact() -> None:
    assert np.array_equal(done(smooth(), mirrored=True), pixels(smooth())[:, ::-1])


@pytest.mark.parametrize(("angle", "quarters"), [(90, -1), (-90, 1), (180, 2)])
def test_turning_is_clockwise_about_the_middle(angle: float, quarters: int) -> None:
    assert np.abs(done(smooth(), angle=angle) - np.rot90(pixels(smooth()), quarters)).max() <= 2


def test_beyond_a_turned_picture_lies_its_mirror_image() -> None:
    assert (done(plain(40, 80, 120), angle=45) == (40, 80, 120)).all()
    half = Image.new("RGB", (64, 64), "white")
    half.paste("black", (0, 32, 64, 64))
    turned = done(half, angle=20)
    assert turned[0, 0].min() > 240
    assert turned[-1, -1].max() < 15


def test_a_cut_shows_that_part_enlarged() -> None:
    part = smooth().resize((64, 64), Resampling.BICUBIC, (8, 16, 40, 48))
    found = done(smooth(), left=8 / 64, top=16 / 64, side=0.5)
    assert np.abs(found - pixels(part)).max() <= 3


def test_a_cut_of_a_turned_picture_is_what_turning_and_cutting_in_turn_give() -> None:
    both = done(smooth(), angle=10, left=0.2, top=0.25, side=0.5)
    turned = smooth().rotate(-10, Resampling.BICUBIC)
    in_turn = pixels(turned.resize((64, 64), Resampling.BICUBIC, (0.2 * 64, 0.25 * 64, 0.7 * 64, 0.75 * 64)))
    assert np.abs(both - in_turn).max() <= 4


def test_brightness_and_saturation_and_hue_change_colours_as_they_say() -> None:
    assert np.abs(done(plain(100, 50, 25), brightness=1.2) - (120, 60, 30)).max() <= 1
    assert np.abs(done(plain(90, 90, 90), saturation=1.4) - 90).max() <= 1
    assert np.ptp(done(plain(120, 90, 60), saturation=0.5)[0, 0]) == pytest.approx(30, abs=2)
    assert np.abs(done(plain(200, 40, 40), hue=120) - (40, 200, 40)).max() <= 4


def test_contrast_draws_away_from_the_mean() -> None:
    image = plain(100, 100, 100)
    image.paste((140, 140, 140), (0, 0, 8, 16))
    found = done(image, contrast=1.5)
    assert sorted(set(found.ravel().tolist())) == [90, 150]


def test_sharpening_steepens_an_edge_and_leaves_what_is_flat() -> None:
    blurred = Image.new("L", (256, 256), 60)
    blurred.paste(180, (128, 0, 256, 256))
    soft = blurred.reduce(4).resize((256, 256), Resampling.BICUBIC).convert("RGB")
    found = done(soft, sharpened=2)
    assert np.abs(np.diff(found[10, :, 0])).max() > np.abs(np.diff(pixels(soft)[10, :, 0])).max()
    assert (found[:, :90] == 60).all()


def test_the_digest_and_the_number_decide_alone() -> None:
    assert alteration(PICTURES[0], 1, RULES) == alteration(PICTURES[0], 1, RULES.model_copy(update={"copies": 9}))
    found = {str(alteration(picture, number, RULES)) for picture in PICTURES[:20] for number in (1, 2)}
    assert len(found) == 40


def test_what_is_drawn_lies_within_the_rules_and_reaches_their_ends() -> None:
    drawn = [asdict(alteration(picture, 1, RULES)) for picture in PICTURES]
    spans = {name: (min(each[name] for each in drawn), max(each[name] for each in drawn)) for name in drawn[0]}
    bounds = {
        "angle": (-9, 9),
        "side": (0.8, 1),
        "brightness": (0.7, 1.3),
        "contrast": (0.8, 1.2),
        "saturation": (0.6, 1.4),
        "hue": (-20, 20),
        "sharpened": (0, 1),
    }
    for name, (least, most) in bounds.items():
        assert least <= spans[name][0] < least + (most - least) / 20
        assert most - (most - least) / 20 < spans[name][1] <= most
    assert 100 < sum(each["mirrored"] for each in drawn) < 200
    assert all(min(each["left"], each["top"]) >= 0 for each in drawn)
    assert max(max(each["left"], each["top"]) + each["side"] for each in drawn) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("field", "value", "moved"),
    [
        ("mirror", False, {"mirrored"}),
        ("rotation", 0, {"angle"}),
        ("crop", 0, {"left", "top", "side"}),
        ("brightness", 0, {"brightness"}),
        ("contrast", 0, {"contrast"}),
        ("saturation", 0, {"saturation"}),
        ("hue", 0, {"hue"}),
        ("sharpen", 0, {"sharpened"}),
    ],
)
def test_a_setting_moves_its_own_step_only(field: str, value: Any, moved: set[str]) -> None:
    other = RULES.model_copy(update={field: value})
    before, after = ([asdict(alteration(each, 1, rules)) for each in PICTURES[:10]] for rules in (RULES, other))
    assert {name for one, two in zip(before, after, strict=True) for name in one if one[name] != two[name]} == moved


def test_copies_that_nothing_alters_are_refused() -> None:
    still = dict.fromkeys(("rotation", "crop", "brightness", "contrast", "saturation", "hue", "sharpen"), 0)
    with pytest.raises(ValueError, match="nothing alters them"):
        Augmented.model_validate({"copies": 1, "mirror": False, **still})
    assert Augmented.model_validate({"mirror": False, **still}).copies == 0


def test_a_sentence_says_what_was_done() -> None:
    how = replace(NOTHING, mirrored=True, angle=3.25, side=0.95, brightness=1.1, hue=-8, sharpened=0.5)
    assert str(how) == "mirror, turn 3.2 degrees, crop 5.0%, brightness 1.10, hue -8 degrees, sharpen 0.50"
