"""What a run calls the things that its sources list."""

import hashlib
import json


def entry_id(kind: str, source: int, origin: str) -> str:
    """Return the entry of an item: 20 hexadecimal digits.

    `origin` does not change when a folder is moved, and so neither does the entry. `source` is the number of the
    source in the recipe: two folders may hold files of the same name, and each has a fate of its own.
    """
    return hashlib.sha256(json.dumps([kind, source, origin]).encode()).hexdigest()[:20]
