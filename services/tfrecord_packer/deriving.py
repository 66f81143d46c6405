"""Makes the members of a data set that are altered copies of others, and remembers which they are."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from services.tfrecord_packer.declaration import PACKING
from services.tfrecord_packer.derived import METHOD, alteration, altered
from services.tfrecord_packer.manifest import Derivation, Member, derived_name
from services.tfrecord_packer.stored_picture import decoded
from shared.contract import keys
from shared.contract.errors import Interrupted
from shared.contract.stage import Action, Codec, Context
from shared.pictures import Compression, encode_png
from shared.recipe.augmented import Augmented

_PICTURES: Codec[list[str]] = Codec(
    write=lambda digests: {"pictures": digests}, read=lambda record: [str(each) for each in record["pictures"]]
)


def with_derived(members: Mapping[str, Member], rules: Augmented, context: Context) -> dict[str, Member]:
    """Return members by name together with the altered copies of each, whose pictures lie in the store then.

    A copy has its source's image, entry, face and label, so that whatever takes the source out takes it out too.
    Raises `Interrupted` when the process is told to stop; what is made is remembered.
    """
    if not rules.copies:
        return dict(members)

    def derive(member: Member) -> list[Member]:
        if context.stopping():
            raise Interrupted("before all altered copies were made")
        pictures = context.memo(_action(member, rules), lambda: _stored(member, rules, context), _PICTURES)
        return list(_copies(member, pictures, rules))

    with ThreadPoolExecutor(context.threads, "deriving") as pool:
        try:
            made = [copy for copies in pool.map(derive, members.values()) for copy in copies]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return {**members, **{copy.name: copy for copy in made}}


def _action(member: Member, rules: Augmented) -> Action:
    settings: dict[str, Any] = {"augmented": rules.model_dump(mode="json"), "method": METHOD}
    return Action(PACKING.name, PACKING.version, settings, {"picture": member.picture})


def _stored(member: Member, rules: Augmented, context: Context) -> list[str]:
    """Put the copies of a picture into the store, and return their digests."""
    key = keys.normalized(member.picture)
    image = decoded(key, context.store.get(key), "normalizer").convert("RGB")
    digests = []
    for number in range(1, rules.copies + 1):
        data = encode_png(altered(image, alteration(member.picture, number, rules)), compression=Compression.FAST)
        digests.append(hashlib.sha256(data).hexdigest())
        context.store.put_new(keys.normalized(digests[-1]), data)
    return digests


def _copies(member: Member, pictures: list[str], rules: Augmented) -> Iterator[Member]:
    for number, picture in enumerate(pictures, start=1):
        by = str(alteration(member.picture, number, rules))
        yield member.copy(derived_name(member.name, number), picture, Derivation(member.name, by))
