"""`magritte quality`: the quality of a network's pictures, in numbers and side by side with the training pictures."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from services.magritte import candidates, libraries, screen
from services.magritte.candidates import Candidate, Subject
from services.magritte.inspect import AsJson
from services.magritte.picture_files import write_png
from shared.visible_text import visible

if TYPE_CHECKING:
    from shared.stylegan2.quality.evaluation import Measures
    from shared.stylegan2.quality.inception import Inception

_MOST_BY_DEFAULT = 1000  # pictures: what the official KID takes at once
_ROWS = 12  # of the sheet, and samples that are listed with their neighbours
_WIDTH_OF_FILES = 160  # columns where nobody's terminal decides: no row is broken
_SNAPSHOT = ".pkl"
_NETWORK_FILES = (".npz", ".safetensors", _SNAPSHOT)

_SLICED = (
    "SWD: sliced Wasserstein distance of patches, of all levels of detail and of each (px). Lower is better. Compare "
    "networks only on one data set and with as many pictures."
)
_MEMORISED = (
    "memorised: share of pictures as near to a training picture as 1 % of these are to another. 1 % is as it should be."
)
_FEW = "FID of fewer than 5000 pictures is too high and says little: go by KID."


What = Annotated[
    str, typer.Argument(metavar="[RUN|NETWORK]", help="A run, a network file, or by default the latest run.")
]
Dataset = Annotated[
    Path | None,
    typer.Option("--dataset", exists=True, help="A network file's: a folder with *.tfrecords, or one of them."),
]
Leg = Annotated[int | None, typer.Option("--leg", min=1, help="The run's snapshot N instead of the newest.")]
AllLegs = Annotated[bool, typer.Option("--all-legs", help="Every snapshot of the run.")]
InceptionFile = Annotated[
    Path | None,
    typer.Option(
        "--inception",
        exists=True,
        dir_okay=False,
        help="Measure KID and FID too, by this Inception network: classify_image_graph_def.pb of "
        "inception-2015-12-05.tgz, or weights of Keras' InceptionV3 without its top layer.",
    ),
]
Count = Annotated[
    int | None,
    typer.Option("--pictures", min=2, help="Pictures to draw; default: as many as the data set has, 1000 at most."),
]
Psi = Annotated[float, typer.Option("--psi", min=0.0, help="Truncation; 1 for none, as is usual here.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", file_okay=False, help="A folder for neighbours.png: samples beside what they resemble."),
]


@dataclass(frozen=True)
class Request:
    """Argument and options of the command."""

    what: str
    dataset: Path | None
    leg: int | None
    all_legs: bool
    inception: Path | None
    pictures: int | None
    psi: float
    as_json: bool
    out: Path | None


@dataclass(frozen=True)
class _Terms:
    """Settings that all networks are measured with: numbers of pictures, and which Inception network."""

    reals: int
    fakes: int
    psi: float
    inception: "Inception | None"

    @property
    def few(self) -> bool:
        """Return whether FID is measured of fewer pictures than it is meaningful for."""
        from shared.stylegan2.quality.evaluation import is_enough_for_frechet

        return self.inception is not None and not is_enough_for_frechet(self.reals, self.fakes)


_Measured = tuple[Candidate, "Measures"]


def quality(
    what: What = "",
    dataset: Dataset = None,
    leg: Leg = None,
    all_legs: AllLegs = False,
    inception: InceptionFile = None,
    pictures: Count = None,
    psi: Psi = 1.0,
    as_json: AsJson = False,
    out: Out = None,
) -> None:
    """Measure how good the pictures of a network are.

    Draws pictures with it and compares them with the training pictures: at every level of detail, without any other
    network, and by KID and FID if you have an Inception network. Also counts pictures that are nearly training ones.
    """
    request = Request(what, dataset, leg, all_legs, inception, pictures, psi, as_json, out)
    _check(request)
    with libraries.of_training():
        subject = _subject(request)
        terms = _terms(request, subject)
        with screen.bar() as progress:
            measured = list(_measure(request, subject, terms, progress))
        if request.as_json:
            screen.say_json(_as_json(subject, terms, measured))
        else:
            _show(subject, terms, measured)


def _check(request: Request) -> None:
    of_file = Path(request.what).is_file()
    if not of_file and request.what.endswith(_NETWORK_FILES):
        raise typer.BadParameter(f"there is no file {request.what}", param_hint="NETWORK")
    if of_file and request.what.endswith(_SNAPSHOT):
        raise typer.BadParameter(
            "an official snapshot has to be imported: magritte weights import", param_hint="NETWORK"
        )
    if of_file and request.dataset is None:
        raise typer.BadParameter("a network file needs a data set to be measured against", param_hint="--dataset")
    if not of_file and request.dataset is not None:
        raise typer.BadParameter("a run is measured against its own data set", param_hint="--dataset")
    if of_file and (request.leg or request.all_legs):
        raise typer.BadParameter("only a run has legs", param_hint="--leg")
    if request.leg and request.all_legs:
        raise typer.BadParameter("one leg or all of them?", param_hint="--leg")


def _subject(request: Request) -> Subject:
    if request.dataset:
        return candidates.of_file(Path(request.what), request.dataset)
    return candidates.of_run(request.what, request.leg, request.all_legs)


def _terms(request: Request, subject: Subject) -> _Terms:
    from shared.stylegan2.quality import inception

    fakes = request.pictures or min(len(subject.pictures), _MOST_BY_DEFAULT)
    network = inception.load(request.inception) if request.inception else None
    return _Terms(min(fakes, len(subject.pictures)), fakes, request.psi, network)


def _measure(request: Request, subject: Subject, terms: _Terms, progress: Progress) -> Iterator[_Measured]:
    from shared.stylegan2.picture_set import spread
    from shared.stylegan2.quality import evaluation
    from shared.stylegan2.quality.neighbours import neighbour_sheet

    reals = subject.pictures
    compared = spread(reals, terms.reals)
    evaluator = evaluation.Evaluator(reals, compared, terms.inception)
    for candidate in subject.candidates:
        networks = candidates.open_networks(candidate, subject)
        labels = candidates.labels_for(networks, candidate, subject)
        task = progress.add_task(visible(f"drawing {candidate.name}"), total=terms.fakes)
        fakes = evaluation.draw_samples(
            networks,
            terms.fakes,
            terms.psi,
            None if labels is None else labels[compared.indices],
            partial(progress.advance, task),
        )
        found = evaluator.measure(fakes)
        if request.out:
            write_png(
                request.out / _sheet_name(candidate, subject), neighbour_sheet(fakes, reals, found.nearest, _ROWS)
            )
        yield candidate, found


def _sheet_name(candidate: Candidate, subject: Subject) -> str:
    return "neighbours.png" if len(subject.candidates) == 1 else f"neighbours-{candidate.leg:06d}.png"


def _as_json(subject: Subject, terms: _Terms, measured: list[_Measured]) -> dict[str, Any]:
    inception = terms.inception
    return {
        "name": subject.name,
        "training_pictures": len(subject.pictures),
        "compared": terms.reals,
        "drawn": terms.fakes,
        "psi": terms.psi,
        "inception": inception and {"comparable": inception.comparable, "label": inception.label},
        "fid_of_enough_pictures": None if inception is None else not terms.few,
        "networks": [_described(candidate, found) for candidate, found in measured],
    }


def _described(candidate: Candidate, found: "Measures") -> dict[str, Any]:
    return {
        "network": candidate.name,
        "leg": candidate.leg,
        "kimg": candidate.kimg,
        "sliced_wasserstein": {"mean": found.sliced.mean, "levels": found.sliced.levels},
        "kid": found.kernel and asdict(found.kernel),
        "fid": found.frechet,
        "memorised_share": found.memorised,
        "nearest": [
            {
                "seed": int(seed),
                "picture": int(found.nearest.indices[seed, 0]),
                "distance": float(found.nearest.distances[seed, 0]),
                "mirrored": bool(found.nearest.mirrored[seed, 0]),
            }
            for seed in found.nearest.nearest_first()[:_ROWS]
        ],
    }


def _show(subject: Subject, terms: _Terms, measured: list[_Measured]) -> None:
    screen.say(
        f"{subject.name}: {terms.fakes} pictures drawn with psi {terms.psi:g}, against {terms.reals} of "
        f"{len(subject.pictures)} training pictures"
    )
    levels = [f"{side} px" for side in measured[0][1].sliced.levels]
    inception_columns = ["KID", "FID"] if terms.inception else []
    table = Table("leg", "kimg", "SWD", *levels, "memorised", *inception_columns, box=None, header_style="dim")
    for candidate, found in measured:
        table.add_row(*_row(candidate, found))
    screen.console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES).print(table)
    screen.say(_SLICED)
    screen.say(_MEMORISED)
    if terms.inception:
        screen.say(f"KID, FID: {terms.inception.label}. Lower is better. Published FID is of 50 000 pictures.")
    if terms.few:
        screen.say(_FEW, err=True)


def _row(candidate: Candidate, found: "Measures") -> Iterator[str]:
    yield "" if candidate.leg is None else str(candidate.leg)
    yield "" if candidate.kimg is None else f"{candidate.kimg:g}"
    yield f"{found.sliced.mean:.1f}"
    yield from (f"{value:.1f}" for value in found.sliced.levels.values())
    yield f"{found.memorised:.1%}"
    if found.kernel:
        spread = "" if found.kernel.deviation is None else f" ± {found.kernel.deviation:.5f}"
        yield f"{found.kernel.mean:.5f}{spread}"
    if found.frechet is not None:
        yield f"{found.frechet:.2f}"
