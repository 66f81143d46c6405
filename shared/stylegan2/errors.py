"""Every exception that this library raises on purpose.

    StyleGAN2Error
    ├── BadFile        a file is damaged, or another than is wanted
    ├── Misfit         what is given does not fit together, or cannot be expressed
    │   └── WeightsMismatch (in `weights`)
    ├── NoSuchFolder   there is no folder of that name
    └── DoesNotWork    a library or model does not do its work on this machine

They are no ValueErrors: code that parses bytes catches those of other libraries, and must not catch these.
"""


class StyleGAN2Error(Exception):
    """Base of the errors of this library; its text is fit for a person."""


class BadFile(StyleGAN2Error):
    """Bytes are damaged, or are not those of the file that is wanted."""


class Misfit(StyleGAN2Error):
    """Networks, pictures or settings do not fit each other, or what shall be made of them."""


class NoSuchFolder(StyleGAN2Error):
    """There is no folder of that name."""


class DoesNotWork(StyleGAN2Error):
    """A library or model does not do its work on this machine."""
