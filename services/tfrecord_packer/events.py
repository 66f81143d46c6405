"""The packer's events."""

from shared.contract.events import Event, Level


class ClassesWithoutPictures(Event):
    """Classes that the recipe names, joined by commas, of which the data set has no picture."""

    level = Level.WARNING

    classes: str
