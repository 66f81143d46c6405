"""Makes a text from outside fit for a screen: characters that would act on the screen are shown instead."""

import re

_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, what turns the direction of writing, and bytes that are no UTF-8."""


def visible(text: str, keep: str = "") -> str:
    """Return the text with an escape such as `\\x1b` for each character that acts on a screen but those in `keep`."""
    return _ACTING.sub(lambda match: match[0] if match[0] in keep else repr(match[0])[1:-1], text)


def visible_json(text: str) -> str:
    """Return a JSON text with an escape such as `\\u009b` for each acting character but line breaks."""
    return _ACTING.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)
