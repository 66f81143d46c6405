"""The stage that computes a perceptual fingerprint of every original, by which duplicates are found."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from services.deduper.declaration import FINGERPRINTING
from services.deduper.fingerprint import fingerprint
from shared.contract import keys
from shared.contract.messages import ImageDropped, ImageFetched, ImageFingerprinted, Message
from shared.contract.reasons import Drop
from shared.contract.stage import Context, Stage
from shared.pictures import Limits
from shared.recipe.recipe import Recipe


@dataclass(frozen=True)
class DecodingLimits:
    """The recipe's limits that protect decoding; the scraper has enforced the others."""

    max_bytes: int
    max_pixels: int


class Fingerprinting(Stage[ImageFetched, DecodingLimits]):
    """`ImageFetched` in; `ImageFingerprinted`, or `ImageDropped` if it cannot be decoded, out."""

    declaration = FINGERPRINTING

    def settings(self, recipe: Recipe) -> DecodingLimits:
        limits = Limits.of(recipe.pictures)
        return DecodingLimits(limits.max_bytes, limits.max_pixels)

    def inputs(self, message: ImageFetched, settings: DecodingLimits) -> Mapping[str, str]:
        return {"image": message.image}

    def process(self, message: ImageFetched, settings: DecodingLimits, context: Context) -> Iterable[Message]:
        limits = Limits(**asdict(settings), min_side=1, max_elongation=float("inf"))
        found = fingerprint(context.store.get(keys.original(message.image)), limits)
        if isinstance(found, Drop):
            return [ImageDropped.of(message, self.name, found)]
        return [
            ImageFingerprinted(
                run=message.run,
                entry=message.entry,
                image=message.image,
                score=message.score,
                fresh=message.fresh,
                **asdict(found),
            )
        ]
