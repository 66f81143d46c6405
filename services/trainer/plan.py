"""Ends of a training's legs and ticks."""

from dataclasses import dataclass

from shared.recipe.training import ResolvedTraining


@dataclass(frozen=True)
class Plan:
    """Lengths in pictures shown to D, of a training that begins with picture `begin`.

    Steps are whole minibatches, so each ends with the first step at or beyond it.

    `before` is what is added to them where kimg are shown to people (`resume_kimg`).
    """

    total: int
    leg: int
    tick: int
    before: int = 0
    begin: int = 0

    @classmethod
    def of(cls, settings: ResolvedTraining, begin: int = 0, more: float | None = None) -> "Plan":
        """Make the plan of a recipe, or of `more` kimg from picture `begin` on; a leg or tick is at least one step."""
        lengths = (settings.kimg if more is None else more, settings.leg_kimg, settings.tick_kimg)
        total, leg, tick = (round(kimg * 1000) for kimg in lengths)
        step = settings.minibatch * settings.d_repeats
        return cls(max(begin + total, 1), max(leg, step), max(tick, step), round(settings.resume_kimg * 1000), begin)

    def kimg(self, images: int) -> float:
        """Return `images` in thousands, counted from `before`, as people are shown them."""
        return (self.before + images) / 1000

    def is_complete(self, images: int) -> bool:
        """Say whether nothing is left to train after `images` pictures."""
        return images >= self.total

    def leg_end(self, images: int) -> int:
        """Return the pictures shown at the end of the leg that begins at `images`: a multiple of `leg`, or `total`."""
        return min((images // self.leg + 1) * self.leg, self.total)

    def ends_tick(self, before: int, after: int) -> bool:
        """Say whether a step from `before` to `after` pictures ends a tick: at a multiple of a tick, or with a leg."""
        return after // self.tick > before // self.tick or after >= self.leg_end(before)
