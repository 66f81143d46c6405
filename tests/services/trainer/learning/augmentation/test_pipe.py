import pytest

from services.trainer.learning.augmentation.pipe import NAMES, Pipe, named
from shared.contract.errors import Poison


def test_every_official_name_has_its_pipe():
    assert [named(name) for name in NAMES] == [Pipe[name.upper()] for name in NAMES]


def test_the_pipe_of_the_paper_has_the_twelve_operators_before_the_filter():
    assert len(named("bgc")) == 12
    assert Pipe.SATURATION in named("bgc")
    assert Pipe.FILTER not in named("bgc")


def test_the_longest_name_stands_for_everything():
    assert list(named("bgcfnc")) == list(Pipe)


@pytest.mark.parametrize("name", ["", "BGC", "xflip", "bgcc"])
def test_any_other_name_is_refused_with_the_names_there_are(name: str):
    with pytest.raises(Poison, match=r"one of: blit, .*, bgcfnc\.$"):
        named(name)
