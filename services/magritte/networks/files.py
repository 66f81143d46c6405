"""Files that a command draws with a network: written one by one into a folder, and named at the end."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.magritte import screen
from services.magritte.picture_files import write_png

if TYPE_CHECKING:
    from shared.stylegan2.grid import PictureArray


class DrawnFiles:
    """The files that a command has written into `folder` with a network, whose name is `network`."""

    def __init__(self, folder: Path, network: str) -> None:
        self.folder = folder
        self.network = network
        self.written: list[str] = []

    def write_png(self, name: str, picture: "PictureArray") -> None:
        """Write a picture [H, W, C] under a name in the folder."""
        write_png(self.folder / name, picture)
        self.add(name)

    def add(self, name: str) -> None:
        """Count a file as written that another function has written."""
        if name not in self.written:
            self.written.append(name)

    def say(self, what: str, as_json: bool, figures: dict[str, Any] | None = None) -> None:
        """Print in a sentence, or as JSON with the figures, what was drawn and where it is."""
        if as_json:
            about = {"network": self.network, "folder": str(self.folder), "files": self.written}
            screen.say_json(about | (figures or {}))
        else:
            screen.say(f"{what} in {self.folder} ({self.network})")
