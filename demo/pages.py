"""Draws comic pages of invented characters, and pictures that could be taken for pages: for tests and benchmarks."""

import io
from collections.abc import Callable, Iterator
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from demo.character import any_character, any_pose
from demo.drawing import any_placement, background, draw, figure, render

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Corners of a panel: left above, right above, right below, left below."""

_SIZES = [(840, 1200), (760, 1080), (1000, 1414), (900, 1200)]


def comic_page(random: Random) -> Image.Image:
    """Draw a page of three to nine panels, at random in black and white or in colour, with bubbles across gutters."""
    size = random.choice(_SIZES)
    ground = random.choices(["#ffffff", "#fbfaf4", "#0c0c0c", _pastel(random)], weights=[10, 3, 2, 2])[0]
    page = Image.new("RGB", size, ground)
    gutter = random.uniform(0.008, 0.024) * size[1]
    panels = list(_rows_of_panels(random, size, gutter))
    frame = "#000000" if ground != "#0c0c0c" else "#f4f4f4"
    width = random.choice([2, 3, 4, 5]) if random.random() < 0.85 else 0
    open_panel = random.choice(panels) if random.random() < 0.4 else None
    for quad in panels:
        if quad is not open_panel:
            _put(page, quad, _content(random, quad), frame, width)
        else:
            _put_open(page, random, quad)
    if random.random() < 0.3:
        _put_open(page, random, random.choice(panels))
    if random.random() < 0.4:
        _sound(page, random, random.choice(panels))
    for _ in range(random.randint(1, 2 * len(panels))):
        _bubble(page, random, random.choice(panels))
    return _printed(random, page)


def strip_of_four(random: Random) -> Image.Image:
    """Draw a strip of four panels one below the other, or two beside each other, under a title."""
    columns = random.choice([1, 2])
    width, height = 420 * columns, 1200
    page = Image.new("RGB", (width, height), "white")
    gap, above = random.randint(8, 24), random.randint(30, 110)
    for column in range(columns):
        left, right = column * 420 + 20, column * 420 + 400
        tall = (height - above - 20 - 3 * gap) / 4
        ImageDraw.Draw(page).text((left + 40, above / 4), "A title", fill="black", font_size=above / 2)
        for row in range(4):
            top = above + row * (tall + gap)
            quad = ((left, top), (right, top), (right, top + tall), (left, top + tall))
            _put(page, quad, _content(random, quad), "#000000", 3)
            _bubble(page, random, quad)
    return _printed(random, page)


def single_picture(random: Random) -> Image.Image:
    """Draw a picture that is no page: a portrait, or one of those that could be taken for a page."""
    return random.choice(_SINGLE)(random)


def _portrait(random: Random) -> Image.Image:
    size = random.choice([(720, 900), (640, 640), (900, 720), (600, 800)])
    return _opened(draw(any_character(random), any_pose(random), random, size))


def _on_plain_ground(random: Random) -> Image.Image:
    size = random.choice([(720, 900), (900, 720)])
    body = figure(any_character(random), any_pose(random), any_placement(random, size))
    rect = f'<rect width="{size[0]}" height="{size[1]}" fill="{random.choice(["#fff", "#000", "#e8e4f4"])}"/>'
    return _opened(render(rect + body, size))


def _letterboxed(random: Random) -> Image.Image:
    inside = _portrait(random)
    bar = round(inside.height * random.uniform(0.05, 0.2))
    return ImageOps.expand(inside, (0, bar), random.choice(["black", "white"]))


def _framed(random: Random) -> Image.Image:
    inside = ImageOps.expand(_portrait(random), random.randint(3, 30), random.choice(["black", "#806030", "white"]))
    return ImageOps.expand(inside, random.randint(10, 90), random.choice(["black", "white", "#c0b090"]))


def _captioned(random: Random) -> Image.Image:
    inside = _portrait(random)
    bar, fill, ink = round(inside.height * 0.12), *random.choice([("white", "black"), ("black", "white")])
    captioned = ImageOps.expand(inside, (0, 0, 0, bar), fill)
    place = (inside.width * 0.1, inside.height + bar * 0.2)
    ImageDraw.Draw(captioned).text(place, "Where are we going?", fill=ink, font_size=bar * 0.5)
    return captioned


def _sheet_of_figures(random: Random) -> Image.Image:
    """Draw several figures on white, with squares of their colours below."""
    count, character = random.randint(3, 6), any_character(random)
    sheet = Image.new("RGB", (count * 330, 620), "white")
    for number in range(count):
        body = figure(character, any_pose(random), any_placement(random, (300, 480)))
        sheet.paste(
            _opened(render('<rect width="300" height="480" fill="#fff"/>' + body, (300, 480))), (number * 330, 10)
        )
    for number, colour in enumerate((character.hair, character.eyes, character.skin, character.outfit)):
        ImageDraw.Draw(sheet).rectangle((30 + 90 * number, 520, 90 + 90 * number, 580), fill=colour, outline="black")
    return sheet


def _before_a_window(random: Random) -> Image.Image:
    """Draw a figure before a window of several panes."""
    size = (720, 900)
    sky = "".join(
        f'<rect y="{y}" width="720" height="30" fill="hsl({200 + y // 30}, 60%, {55 + y // 30}%)"/>'
        for y in range(0, 900, 30)
    )
    width, bars = random.randint(8, 24), ""
    for x in range(0, 721, 720 // random.choice([2, 3, 4])):
        bars += f'<rect x="{x - width / 2}" width="{width}" height="900" fill="#f4f0e8"/>'
    for y in range(0, 901, 900 // random.choice([2, 3, 4])):
        bars += f'<rect y="{y - width / 2}" width="720" height="{width}" fill="#f4f0e8"/>'
    body = figure(any_character(random), any_pose(random), any_placement(random, size))
    return _opened(render(sky + bars + body, size))


def _with_an_inset(random: Random) -> Image.Image:
    """Draw a portrait with one or two small pictures over its corners."""
    picture = _portrait(random)
    for number in range(random.choice([1, 2])):
        inset = ImageOps.expand(_portrait(random).resize((180, 200)), 5, random.choice(["white", "black"]))
        picture.paste(inset, (15, 15) if number == 0 else (picture.width - 205, picture.height - 225))
    return picture


def _side_by_side(random: Random) -> Image.Image:
    pair = Image.new("RGB", (1220, 800), "white")
    for x in (0, 620):
        pair.paste(_portrait(random).resize((600, 800)), (x, 0))
    return pair


_SINGLE: tuple[Callable[[Random], Image.Image], ...] = (
    _portrait,
    _on_plain_ground,
    _letterboxed,
    _framed,
    _captioned,
    _sheet_of_figures,
    _before_a_window,
    _with_an_inset,
    _side_by_side,
)


def _rows_of_panels(random: Random, size: tuple[int, int], gutter: float) -> Iterator[Quad]:
    """Cut a page into rows and these into panels; some cuts are slanted, some pages have no margin."""
    width, height = size
    margin = 0.0 if random.random() < 0.2 else random.uniform(0.02, 0.06) * width
    rows, slanted = random.randint(2, 4), random.random() < 0.4
    heights = [random.uniform(0.7, 1.4) for _ in range(rows)]
    tall = (height - 2 * margin - gutter * (rows - 1)) / sum(heights)
    above, top = (margin, margin), margin
    for row, share in enumerate(heights):
        bottom = top + share * tall
        lean = random.uniform(-0.06, 0.06) * width if slanted and row < rows - 1 else 0
        below = (bottom - lean, bottom + lean)
        least = 2 if row == 0 and rows == 2 else 1
        yield from _panels_of_row(random, (margin, width - margin), (above, below), gutter, random.randint(least, 3))
        above, top = (below[0] + gutter, below[1] + gutter), bottom + gutter


def _panels_of_row(
    random: Random, across: Point, between: tuple[Point, Point], gutter: float, count: int
) -> Iterator[Quad]:
    """Cut a row between two straight lines, each given by its height on the left and on the right, into panels."""
    (left, right), (above, below) = across, between

    def at(line: Point, x: float) -> Point:
        return x, line[0] + (line[1] - line[0]) * (x - left) / (right - left)

    starts = [(left, left)]
    for number in range(1, count):
        x, lean = left + (right - left) * (number + random.uniform(-0.2, 0.2)) / count, random.choice([0, 0, 25, -25])
        starts.append((x + lean, x - lean))
    for number, (top, bottom) in enumerate(starts):
        ends = starts[number + 1] if number + 1 < count else (right + gutter, right + gutter)
        yield at(above, top), at(above, ends[0] - gutter), at(below, ends[1] - gutter), at(below, bottom)


def _content(random: Random, quad: Quad) -> Image.Image:
    """Draw what a panel shows, as large as what encloses it."""
    (left, top), (right, bottom) = _corners(quad)
    size = max(40, round(right - left)), max(40, round(bottom - top))
    scene = (
        background(random, size)
        if random.random() < 0.7
        else f'<rect width="{size[0]}" height="{size[1]}" fill="#fff"/>'
    )
    people = "".join(
        figure(any_character(random), any_pose(random), any_placement(random, size))
        for _ in range(random.choice([0, 1, 1, 1, 2]))
    )
    drawn = _opened(render(scene + people, size))
    return _toned(random, drawn) if random.random() < 0.3 else drawn


def _toned(random: Random, drawn: Image.Image) -> Image.Image:
    """Lay a screen tone of dots over a drawing."""
    tone, step = ImageDraw.Draw(drawn), random.choice([6, 8])
    for y in range(0, drawn.height // 2, step):
        for x in range(step // 2 * (y // step % 2), drawn.width, step):
            tone.ellipse((x, y, x + 2, y + 2), fill="#404040")
    return drawn


def _put(page: Image.Image, quad: Quad, content: Image.Image, frame: str, width: int) -> None:
    """Put a panel onto the page and draw its frame."""
    mask = Image.new("L", page.size, 0)
    ImageDraw.Draw(mask).polygon(quad, fill=255)
    whole = Image.new("RGB", page.size)
    whole.paste(content, (round(_corners(quad)[0][0]), round(_corners(quad)[0][1])))
    page.paste(whole, mask=mask)
    if width:
        ImageDraw.Draw(page).line((*quad, quad[0]), fill=frame, width=width, joint="curve")


def _put_open(page: Image.Image, random: Random, quad: Quad) -> None:
    """Draw somebody without frame or ground, who may reach beyond the panel."""
    (left, top), (right, bottom) = _corners(quad)
    size = round(1.15 * (right - left)), round(1.15 * (bottom - top))
    body = _opened(render(figure(any_character(random), any_pose(random), any_placement(random, size)), size), "RGBA")
    page.paste(body, (round(left), round(top)), body)


def _sound(page: Image.Image, random: Random, quad: Quad) -> None:
    """Write a sound in large letters, across the upper edge of a panel."""
    (left, top), (right, _) = _corners(quad)
    place, size = (random.uniform(left, (left + right) / 2), top - 20), (right - left) / 5
    ImageDraw.Draw(page).text(place, "BOOM", fill="black", font_size=size, stroke_width=3, stroke_fill="white")


def _bubble(page: Image.Image, random: Random, quad: Quad) -> None:
    """Draw a bubble with lines of text within a panel, or across its edge."""
    (left, top), (right, bottom) = _corners(quad)
    width, height = random.uniform(0.2, 0.45) * (right - left), random.uniform(0.15, 0.35) * (bottom - top)
    beyond = 0.25 * width if random.random() < 0.25 else 0
    x = random.uniform(left - beyond, max(left, right - width + beyond))
    y = random.uniform(top, max(top, bottom - height))
    drawing = ImageDraw.Draw(page)
    drawing.ellipse((x, y, x + width, y + height), fill="white", outline="black", width=2)
    for line in range(3):
        at = (x + width * 0.25, y + height * (0.25 + 0.2 * line))
        drawing.text(at, "and then it"[: random.randint(4, 11)], fill="black", font_size=max(7.0, height / 7))


def _printed(random: Random, page: Image.Image) -> Image.Image:
    """Make a page black and white or not, blur it as a scan, and store it as JPEG."""
    if random.random() < 0.55:
        page = page.convert("L").convert("RGB")
    if random.random() < 0.3:
        page = _uneven(random, page).filter(ImageFilter.GaussianBlur(random.uniform(0.4, 1.2)))
    file = io.BytesIO()
    page.save(file, "JPEG", quality=random.randint(55, 95))
    return Image.open(file).convert("RGB")


def _uneven(random: Random, page: Image.Image) -> Image.Image:
    """Darken a page towards one side, as a scan of a book."""
    shadow = Image.linear_gradient("L").rotate(random.choice([90, 270])).resize(page.size)
    return ImageChops.multiply(page, shadow.point(lambda level: min(255, 190 + level * 0.7)).convert("RGB"))


def _corners(quad: Quad) -> tuple[Point, Point]:
    """Return the corners, left above and right below, of the rectangle that encloses a panel."""
    return (min(x for x, _ in quad), min(y for _, y in quad)), (max(x for x, _ in quad), max(y for _, y in quad))


def _pastel(random: Random) -> str:
    return f"#{random.randint(200, 250):02x}{random.randint(200, 250):02x}{random.randint(200, 250):02x}"


def _opened(png: bytes, mode: str = "RGB") -> Image.Image:
    return Image.open(io.BytesIO(png)).convert(mode)
