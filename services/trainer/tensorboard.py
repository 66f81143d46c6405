"""Records of a leg for TensorBoard: its ticks as curves, over pictures shown to D, and what Gs draws."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from services.trainer.learning.event_file import Image, Scalar, encode
from services.trainer.stats import Statistics

if TYPE_CHECKING:
    from services.trainer.gallery import Figures


def events(ticks: Sequence[Statistics], quality: "Figures | None", pictures: Mapping[str, bytes]) -> bytes:
    """Encode the event file of a leg of one tick at least; `pictures` are PNG by their names in TensorBoard."""
    last = ticks[-1]
    scalars = [scalar for tick in ticks for scalar in _scalars(tick)]
    if quality is not None:
        figures = {"sliced_wasserstein": quality.sliced_wasserstein, "memorised": quality.memorised}
        scalars += [Scalar(f"quality/{name}", _step(last), last.time, value) for name, value in figures.items()]
    images = [Image(name, _step(last), last.time, png) for name, png in pictures.items()]
    return encode([*scalars, *images], ticks[0].time)


def _scalars(tick: Statistics) -> list[Scalar]:
    figures = {f"training/{name}": value for name, value in tick.figures().items()}
    figures |= {"timing/sec_per_kimg": tick.sec_per_kimg, "timing/memory_bytes": tick.watched.memory}
    return [Scalar(name, _step(tick), tick.time, value) for name, value in figures.items() if value is not None]


def _step(tick: Statistics) -> int:
    return round(tick.kimg * 1000)
