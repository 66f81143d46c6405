import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.visible_text import visible, visible_json

ACTING = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xDCE9]


@pytest.mark.parametrize("code", ACTING, ids=hex)
def test_a_character_that_acts_on_a_screen_is_shown(code: int) -> None:
    assert visible(f"a{chr(code)}b") == "a" + ascii(chr(code))[1:-1] + "b"
    assert visible(chr(code), keep=chr(code)) == chr(code)


@pytest.mark.parametrize("text", ["", "IMG_1 (2).JPG", "日本 😀 é", "[bold]:smile:[/b]", "שלום", "a\\x1b"])
def test_other_characters_stay(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_json_stays_the_same_value_without_such_characters(text: str) -> None:
    shown = visible_json(json.dumps({"a": text}, indent=2, ensure_ascii=False))
    assert json.loads(shown) == {"a": text}
    assert not {chr(code) for code in ACTING if chr(code) != "\n"} & set(shown)
