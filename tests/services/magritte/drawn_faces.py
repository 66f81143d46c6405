"""Drawings with heads at known places, and recipes for the faces in them."""

from pathlib import Path

from demo.character import HEROINE, Mouth, Pose
from demo.drawing import Placement, figure, render

WIDTH, HEIGHT, SCALE = 320, 360, 0.75
FACE = 100 * SCALE
"""Half of the width of a face, from the middle of the head."""

ANIMEFACE = "detector: animeface"


def heads(count: int, scales: tuple[float, ...] = ()) -> bytes:
    """Draw heads side by side on a pale ground, as PNG; each is 320 pixels wide."""
    sizes = scales or (SCALE,) * count
    placed = (Placement(160 + WIDTH * head, 165, scale) for head, scale in enumerate(sizes))
    figures = "".join(figure(HEROINE, Pose(mouth=Mouth.OPEN), at) for at in placed)
    size = WIDTH * count, HEIGHT
    return render(f'<rect width="{size[0]}" height="{HEIGHT}" fill="#e8e4f4"/>{figures}', size)


def face_recipe(root: Path, faces: str = ANIMEFACE, name: str = "anya") -> str:
    """Write a recipe of the folder `pictures` that finds faces as this says, and return its path."""
    path = root / f"{name}.yaml"
    (root / "pictures").mkdir(exist_ok=True)
    path.write_text(f"name: {name}\nsources: [{{folder: ./pictures}}]\nfaces: {{{faces}}}\n")
    return str(path)
