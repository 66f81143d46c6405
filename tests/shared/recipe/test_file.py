from collections.abc import Callable
from pathlib import Path

import pytest

from shared.contract.errors import RecipeError
from shared.recipe.file import read_recipe
from shared.recipe.labels import Labels, Unlabelled
from shared.recipe.normalized import Fit
from shared.recipe.own_folders import OwnFolder, output_folder, store_folder
from shared.recipe.pictures import Monochrome
from shared.recipe.recipe import Recipe
from shared.recipe.sources import AddressesSource, FolderSource

GOOD = "name: anya\nsources:\n  - folder: ./pictures\n"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a recipe next to a folder `pictures` and a file `addresses.txt`."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "addresses.txt").write_text("")

    def write(text: str) -> Path:
        path = tmp_path / "recipe.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problems(path: Path, *own_folders: OwnFolder) -> list[str]:
    """What is wrong with the recipe, without the folder's name."""
    with pytest.raises(RecipeError) as refused:
        read_recipe(path, own_folders)
    return str(refused.value).replace(f"{path.parent}/", "").splitlines()


def test_the_shortest_recipe_is_a_name_and_a_source(write: Write, tmp_path: Path) -> None:
    recipe = read_recipe(write(GOOD))
    assert recipe.name == "anya"
    assert recipe.sources == (FolderSource(folder=tmp_path / "pictures", score=0),)
    assert recipe.normalized.size == 512


def test_paths_start_at_the_recipe_s_folder(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(GOOD + "  - urls: addresses.txt\nfaces: {cascade: {model: addresses.txt}}\n")
    monkeypatch.chdir(tmp_path.parent)
    recipe = read_recipe(Path(tmp_path.name, "recipe.yaml"))
    addresses = recipe.sources[1]
    assert isinstance(addresses, AddressesSource)
    assert addresses.urls == tmp_path / "addresses.txt"
    assert recipe.faces.cascade.model == str(tmp_path / "addresses.txt")


def test_addresses_can_be_listed(write: Write) -> None:
    recipe = read_recipe(write("name: anya\nsources:\n  - urls: ['https://a.example/1.png']\n    score: 5\n"))
    assert recipe.sources == (AddressesSource(urls=("https://a.example/1.png",), score=5, pause=1, timeout=60),)


def test_every_part_can_be_given(write: Write) -> None:
    recipe = read_recipe(
        write(GOOD + "pictures: {monochrome: keep}\nnormalized:\n  fit: shrink-only\n  pad: reflect\n")
    )
    assert recipe.pictures.monochrome is Monochrome.KEEP
    assert recipe.normalized.fit is Fit.SHRINK_ONLY
    assert recipe.normalized.pad == "reflect"


def test_without_folders_and_tags_there_are_no_classes(write: Write) -> None:
    for labels in ("", "labels: {folders: false, tags: []}\n", "labels: {}\n"):
        assert not read_recipe(write(GOOD + labels)).labels.requested


def test_sub_folders_can_be_classes(write: Write, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "smile").mkdir()
    assert read_recipe(write(GOOD + "labels: {folders: true}\n")).labels == Labels(folders=True)
    (tmp_path / "more" / "wink").mkdir(parents=True)
    text = GOOD + "  - folder: more\nlabels: {folders: true, unlabelled: drop}\n"
    assert read_recipe(write(text)).labels.unlabelled is Unlabelled.DROP


def test_a_recipe_with_classes_can_be_read_from_the_store_when_its_folders_are_gone() -> None:
    recipe = Recipe(name="anya", sources=(FolderSource(folder=Path("gone")),), labels=Labels(tags=("a", "b")))
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize("unseen", ["link", ".hidden", "file"])
def test_what_the_scraper_does_not_look_into_is_no_class(write: Write, tmp_path: Path, unseen: str) -> None:
    pictures = tmp_path / "pictures"
    (pictures / "smile").mkdir()
    (pictures / "file").write_bytes(b"")
    (pictures / ".hidden").mkdir()
    (pictures / "link").symlink_to(tmp_path)
    for path in pictures.iterdir():
        if path.name not in (unseen, "smile"):
            path.rmdir() if path.name == ".hidden" else path.unlink()
    (texts,) = problems(write(GOOD + "labels:\n  folders: true\n  unlabelled: drop\n"))
    assert texts.startswith("recipe.yaml:4: labels: folders: the folder sources have 1 sub-folder(s), 2 or more")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            "{folders: true}",
            "labels: folders: the folder sources have 0 sub-folder(s), 1 or more are needed: "
            "sort the pictures into one for each class",
        ),
        ("{tags: [a, b]}", "labels: no source tells tags: neither `folder` nor `urls` does. Use `folders: true`"),
        ("{tags: a}", "labels.tags: Input should be a valid tuple (not 'a')"),
        ("{tags: [a, 7]}", "labels.tags[1]: Input should be a valid string (not 7)"),
        ("{tags: [a, a]}", "labels.tags: each tag is a class: name none twice, and none by an empty text"),
        ("{tags: ['']}", "labels.tags: each tag is a class: name none twice, and none by an empty text"),
        (
            "{folders: true, tags: [a]}",
            "labels.tags: classes are told by folders or by tags: leave one of them out",
        ),
        ("{folders: some}", "labels.folders: Input should be a valid boolean, unable to interpret input (not 'some')"),
        ("{unlabelled: burn}", "labels.unlabelled: Input should be 'other' or 'drop' (not 'burn')"),
        *(
            (
                labels,
                "labels.unlabelled: without two classes there is nothing to drop by: "
                "set `folders: true` or name `tags`",
            )
            for labels in ("{unlabelled: drop}", "{tags: [a], unlabelled: drop}")
        ),
        ("{folder: true}", "labels.folder: no such field; allowed are folders, tags, unlabelled"),
    ],
)
def test_labels_that_cannot_be_told_are_an_error_at_once(write: Write, labels: str, expected: str) -> None:
    assert problems(write(f"{GOOD}labels: {labels}\n")) == [f"recipe.yaml:4: {expected}"]


def test_sources_that_cannot_be_used_are_not_looked_at_for_classes(write: Write) -> None:
    texts = problems(write("name: anya\nsources: [{folder: gone}]\nlabels: {folders: true}\n"))
    assert texts == ["recipe.yaml:2: sources[0].folder: there is no folder gone"]


def test_a_recipe_survives_the_store(write: Write) -> None:
    recipe = read_recipe(write(GOOD + "  - urls: addresses.txt\n  - urls: ['https://a.example/1.png']\n"))
    again = Recipe.model_validate_json(recipe.model_dump_json())
    assert again == recipe
    assert again.digest == recipe.digest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: Anya\n", "4: name: String should match pattern '^[a-z0-9][a-z0-9-]{0,59}$' (not 'Anya')"),
        ("name: 7\n", "4: name: Input should be a valid string (not 7)"),
        (
            "name: a\nduplicates:\n  strictness: 101\n",
            "6: duplicates.strictness: Input should be less than or equal to 100 (not 101)",
        ),
        (
            "name: a\nfaces:\n\n  cascade:\n    scale_factor: 1\n",
            "8: faces.cascade.scale_factor: Input should be greater than 1 (not 1)",
        ),
        (
            "name: a\nnormalized: {size: 500}\n",
            "5: normalized.size: Input should be 4, 8, 16, 32, 64, 128, 256, 512 or 1024 (not 500)",
        ),
        (
            "name: a\npictures: {monochrome: burn}\n",
            "5: pictures.monochrome: Input should be 'drop' or 'keep' (not 'burn')",
        ),
        (
            "name: a\nnormalized: {pad: blue}\n",
            "5: normalized.pad: String should match pattern '^#[0-9a-f]{6}$' (not 'blue'), "
            "or Input should be 'edge', 'reflect' or 'blur' (not 'blue')",
        ),
        (
            "name: a\nnormalized:\n  pad: #ffffff\n",
            '6: normalized.pad: a colour has to be quoted, as in "#ffffff": # begins a comment in YAML, '
            "or Input should be 'edge', 'reflect' or 'blur' (not None)",
        ),
        (
            "name: a\nranking: {shuffle: 3}\n",
            "5: ranking.shuffle: no such field; allowed are at_kimg, shuffles, sheet, fakes",
        ),
        (
            "name: a\nfaces: {expand: {up: 1}}\n",
            "5: faces.expand.up: no such field; allowed are left, top, right, bottom",
        ),
        ("name: a\nfaces: {expand: hair}\n", "5: faces.expand: Input should be 'ponytail' (not 'hair')"),
        (
            "name: a\nfaces:\n  preset: by-hand\n",
            "6: faces.preset: Input should be 'hand-made' (not 'by-hand')",
        ),
        ("name: a\ntraining:\n", "5: training: Input should be a valid dictionary or instance of Training (not None)"),
        ("name: a\ntraining:\n  start_from: gone.npz\n", "6: training.start_from: there is no file gone.npz"),
        ("name: a\nfaces:\n  cascade: {model: ./pi/c}\n", "6: faces.cascade.model: there is no file pi/c"),
        ("name: a\nfaces:\n  onnx: {model: pi.onnx}\n", "6: faces.onnx.model: there is no file pi.onnx"),
        ("name: a\nfaces:\n  onnx: {side: 100}\n", "6: faces.onnx.side: Input should be a multiple of 32 (not 100)"),
        (
            "name: a\nfaces: {detector: onnx}\n",
            "5: faces: `detector: onnx` needs `onnx.model`: a name, a path or an address of a model",
        ),
        (
            "name: a\nfaces: {detector: cascade}\n",
            "5: faces: `detector: cascade` needs `cascade.model`: a name, a path or an address of a model",
        ),
        (
            "name: a\nfaces: {onnx: {model: 'https://a.example/b.onnx'}}\n",
            "5: faces: `onnx.sha256` is needed: a model at an address has to have that digest",
        ),
        ("name: a\nfaces:\n  cascade: {model: pi.xml}\n", "6: faces.cascade.model: there is no file pi.xml"),
        (
            "name: a\nfaces:\n  cascade: {model: pictures}\n",
            "6: faces.cascade.model: there is no file pictures; by name there is lbpcascade_animeface "
            "(`magritte models`)",
        ),
        ("", "1: name: Field required"),
    ],
)  # fmt: skip
def test_an_error_names_line_field_and_what_is_allowed(write: Write, text: str, expected: str) -> None:
    assert problems(write("sources:\n  - folder: ./pictures\n# a remark\n" + text)) == [f"recipe.yaml:{expected}"]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("[{folder: ./nowhere}]", ["sources[0].folder: there is no folder nowhere"]),
        ("[{folder: addresses.txt}]", ["sources[0].folder: there is no folder addresses.txt"]),
        ("[{folder: ./pictures}, {urls: gone.txt}]", ["sources[1].urls: there is no file gone.txt"]),
        ("[{urls: ./pictures}]", ["sources[0].urls: there is no file pictures"]),
        ("[{folder: ~no-such-user/pictures}]", ["sources[0].folder: there is no folder ~no-such-user/pictures"]),
        ("[{folder: ./pictures, score: high}]", [
            "sources[0].score: Input should be a valid integer, unable to parse string as an integer (not 'high')"
        ]),
        ("[{urls: [], pause: -1}]", ["sources[0].pause: Input should be greater than or equal to 0 (not -1)"]),
        ("[{urls: [5]}]", [
            "sources[0].urls[0]: Input should be a valid string (not 5)",
            f"sources[0].urls: Input should be a valid string, or Input is not a valid path for {Path}",
        ]),
        ("[{folder: ./pictures, pause: 1}]", ["sources[0].pause: no such field; allowed are folder, score"]),
        ("[{urls: [], paws: 1}]", ["sources[0].paws: no such field; allowed are urls, score, pause, timeout"]),
        ("[{score: 1}]", ["sources[0].folder: Field required"]),
        ("[./pictures]", [
            "sources[0]: Input should be a valid dictionary or instance of FolderSource (not './pictures')"
        ]),
        ("./pictures", ["sources: write a list, such as `- folder: ./pictures`"]),
        ("{folder: ./pictures}", ["sources: write a list, such as `- folder: ./pictures`"]),
        ("[{urls: http://a.example/1.png}]", [
            "sources[0].urls: write a list, even of one address: ['http://a.example/1.png']"
        ]),
        ("[]", ["sources: at least one is needed, such as `- folder: ./pictures`"]),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_used_is_reported_once(write: Write, sources: str, expected: list[str]) -> None:
    assert problems(write(f"name: anya\nsources: {sources}\n")) == [f"recipe.yaml:2: {line}" for line in expected]


def test_all_that_is_wrong_is_said_at_once(write: Write) -> None:
    text = "name: Anya\nsources:\n  - folder: ./nowhere\n  - folder: ./pictures\n  - urls: gone.txt\npixels: {}\n"
    texts = problems(write(text))
    assert [line.split(": ")[0] for line in texts] == [f"recipe.yaml:{number}" for number in (1, 3, 5, 6)]
    assert "allowed are name, sources, exclude, pictures" in texts[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD + "name: bea\n", "recipe.yaml:4: name: is there twice"),
        (GOOD + "normalized:\n  size: 64\n  fit: exact\n  size: 32\n", "recipe.yaml:7: size: is there twice"),
        ("name: a\nsources:\n  - folder: a\n    folder: b\n", "recipe.yaml:4: folder: is there twice"),
        ("name: [a\n", "recipe.yaml:2: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("name: a\n\tsources: b\n", "recipe.yaml:2: not YAML: found character '\\t' that cannot start any token"),
        ("name: 2024-13-01\n", "recipe.yaml:1: not YAML: month must be in 1..12"),
        (GOOD + f"training: {{seed: {'9' * 5000}}}\n", "recipe.yaml:4: not YAML: Exceeds the limit (4300 digits)"),
        (GOOD + f"more: {'[' * 3000}{']' * 3000}\n", "recipe.yaml: lists or fields are nested too deep"),
        ("name: !!python/object:os.system x\n", "recipe.yaml:1: not YAML: could not determine a constructor"),
        ("? [a]\n: b\n", "recipe.yaml:1: not YAML: found unhashable key"),
        ("name: \0\n", "recipe.yaml: not YAML: unacceptable character"),
        ("name: a\n---\nname: b\n", "recipe.yaml:2: not YAML: but found another document"),
        ("", "recipe.yaml: a recipe is a list of fields, such as"),
        ("- name: a\n", "recipe.yaml: a recipe is a list of fields, such as"),
        ("margot\n", "recipe.yaml: a recipe is a list of fields, such as"),
    ],
)  # fmt: skip
def test_what_is_no_recipe_at_all_is_refused_with_the_line(write: Write, text: str, expected: str) -> None:
    assert problems(write(text))[0].startswith(expected)


@pytest.mark.parametrize("text", ["5: a\n", "true: a\n", "null: a\n", "name: &name [*name]\n", "&all a: *all\n"])
def test_odd_yaml_ends_in_an_error_and_nothing_worse(write: Write, text: str) -> None:
    assert all(line.startswith("recipe.yaml:1: ") for line in problems(write(text)))


def test_aliases_are_looked_at_once(write: Write) -> None:
    layers = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 20)}]\n" for n in range(1, 20))
    assert len(problems(write("a0: &a0 {b: 1}\n" + layers))) == 22


def test_a_file_that_cannot_be_read_is_a_recipe_error(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: é\n".encode("latin-1"))
    for name in ("gone.yaml", ".", "latin.yaml"):
        with pytest.raises(RecipeError, match="cannot be read"):
            read_recipe(tmp_path / name)


def test_a_path_that_the_system_cannot_look_at_names_line_field_and_remedy(write: Write) -> None:
    (texts,) = problems(write(f"name: anya\nsources:\n  - folder: {'x' * 5000}\n"))
    assert texts.startswith("recipe.yaml:3: sources[0].folder: ")
    assert texts.endswith("xxx... cannot be looked at: File name too long. Write another path")
    assert len(texts) < 300


def test_a_folder_that_may_not_be_entered_names_line_field_and_remedy(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> bool:  # root, as whom tests may run, enters every folder
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refused)
    assert problems(write(GOOD)) == [
        "recipe.yaml:3: sources[0].folder: pictures cannot be looked at: Permission denied. "
        "Give this user the right to enter the folders above it"
    ]


@pytest.mark.parametrize(
    ("source", "store", "relation"),
    [
        (".", "magritte-data", "holds"),
        ("''", "magritte-data", "holds"),
        ("pictures", "pictures", "is"),
        ("pictures", "pictures/../pictures/", "is"),
        ("pictures/faces", "pictures", "lies in"),
        ("link", "pictures", "is"),
        ("pictures", "link", "is"),
        ("link", "pictures/deep/data", "holds"),
        ("pictures", "link/data", "holds"),
        ("link/faces", "pictures", "lies in"),
    ],
)
def test_a_source_that_would_grow_by_our_own_pictures_is_refused(
    write: Write, tmp_path: Path, source: str, store: str, relation: str
) -> None:
    (tmp_path / "pictures" / "faces").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "pictures")
    path = write(f"name: anya\nsources:\n  - folder: {source}\n")
    (texts,) = problems(path, store_folder(tmp_path / store))
    assert texts.startswith("recipe.yaml:3: sources[0].folder: ")
    assert f" {relation} the store, " in texts
    assert "move the pictures into a folder of their own, or set MAGRITTE_STORE=folder:PATH" in texts


def test_a_home_folder_that_holds_the_store_is_refused(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (
        " holds the store, "
        in problems(write("name: anya\nsources: [{folder: ~}]\n".replace("~", "'~'")), store_folder(tmp_path / "data"))[
            0
        ]
    )


def test_a_source_with_what_another_command_has_written_is_refused(write: Write, tmp_path: Path) -> None:
    texts = problems(write("name: anya\nsources: [{folder: .}]\n"), output_folder("draw", "--out", tmp_path / "drawn"))
    assert "holds what `magritte draw` writes, drawn, whose pictures would be taken for new ones" in texts[0]
    assert "move that away and give `--out` another folder" in texts[0]


@pytest.mark.parametrize("store", ["data", "pictures-data", "other/pictures"])
def test_a_source_beside_the_store_is_fine(write: Write, tmp_path: Path, store: str) -> None:
    assert read_recipe(write(GOOD), [store_folder(tmp_path / store)]).name == "anya"


def test_a_link_in_a_source_to_the_store_is_fine_as_the_scraper_follows_none(write: Write, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "pictures" / "link").symlink_to(tmp_path / "data")
    assert read_recipe(write(GOOD), [store_folder(tmp_path / "data")]).name == "anya"


def test_a_source_of_no_kind_is_told_which_kinds_there_are(write: Write) -> None:
    (text,) = problems(write("name: anya\nsources:\n  - danboru: {tags: [a]}\n"))
    assert (
        text == "recipe.yaml:3: sources[0]: no such kind of source; allowed are folder, urls, danbooru, pixiv, gallery"
    )


def test_tags_alone_are_a_search_on_danbooru(write: Write) -> None:
    (source,) = read_recipe(write("name: anya\nsources:\n  - danbooru: anya_(spy_x_family) solo\n")).sources
    assert source.model_dump()["danbooru"]["tags"] == ("anya_(spy_x_family)", "solo")


def test_a_folder_has_one_name_from_wherever_the_recipe_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "there", "pictures"):
        (tmp_path / name).mkdir()
    (tmp_path / "here" / "recipe.yaml").write_text("name: anya\nsources:\n  - folder: ../pictures\n")
    monkeypatch.chdir(tmp_path / "there")
    found = read_recipe(Path("../here/recipe.yaml"))
    assert found == read_recipe(tmp_path / "here" / "recipe.yaml")
    assert found.sources[0].model_dump()["folder"] == tmp_path / "pictures"


def test_a_folder_behind_a_link_is_the_one_that_the_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "pictures").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    (tmp_path / "recipe.yaml").write_text("name: anya\nsources:\n  - folder: link/../pictures\n")
    folder = read_recipe(tmp_path / "recipe.yaml").sources[0].model_dump()["folder"]
    assert folder.resolve() == tmp_path / "elsewhere" / "pictures"
