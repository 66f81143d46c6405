"""The models that a recipe can name: what each is for, where it comes from and how its file is known.

A row says what the model's own project states. Only models that a part of Magritte can use have one.
"""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Kinds of models, by what they are used for."""

    CASCADE = "face detector (OpenCV cascade)"
    FACES_ONNX = "face detector (YOLO, ONNX)"
    EMBEDDING = "embedding of characters (ONNX)"
    TAGGER = "tagger (ONNX)"
    TAG_LIST = "list of a tagger's tags"
    MATTE = "separates figure and background (ONNX)"
    NETWORK = "network to start a training from"


class Delivery(StrEnum):
    """Ways in which a model's server hands out its file."""

    DOWNLOAD = "download"
    BROWSER = "browser"
    """The server sends encrypted parts, which the script of its page puts together."""


@dataclass(frozen=True)
class Model:
    """A model by name. Its file is `name` with `suffix`; recipes use that, or what `weights import` makes of it."""

    name: str
    purpose: Purpose
    used_by: str
    licence: str
    size: int | None
    """Bytes, where they are known."""
    most_bytes: int
    """A larger file is another one."""
    address: str
    delivery: Delivery
    certainty: str
    """How sure it is that the file lies at the address."""
    format: str
    suffix: str
    imported_suffix: str = ""
    sha256: str = ""
    """Digest of the unpacked file; empty where nobody states it: then that of the first copy is held to."""


MODELS = (
    Model(
        name="lbpcascade_animeface",
        purpose=Purpose.CASCADE,
        used_by="faces.cascade.model",
        licence="MIT",
        size=246_945,
        most_bytes=16_000_000,
        address="https://raw.githubusercontent.com/nagadomi/lbpcascade_animeface/master/lbpcascade_animeface.xml",
        delivery=Delivery.DOWNLOAD,
        certainty="sure: the README of nagadomi/lbpcascade_animeface names it, and the digest is known",
        format="OpenCV cascade, XML",
        suffix=".xml",
        sha256="9376d30ac38db6bda2a68b88b3b76bbd7e6aa33af47f7f5c76bc88ca75f1ce30",
    ),
    Model(
        name="anime-face-yolov8s",
        purpose=Purpose.FACES_ONNX,
        used_by="faces.onnx.model",
        licence="MIT",
        size=None,
        most_bytes=200_000_000,
        address="https://huggingface.co/deepghs/anime_face_detection/resolve/main/face_detect_v1.4_s/model.onnx",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: deepghs/anime_face_detection lists it, and dghs-imgutils uses it by default; not tried",
        format="YOLOv8s face detector of drawings, ONNX",
        suffix=".onnx",
    ),
    Model(
        name="anime-face-yolov8n",
        purpose=Purpose.FACES_ONNX,
        used_by="faces.onnx.model",
        licence="MIT",
        size=None,
        most_bytes=100_000_000,
        address="https://huggingface.co/deepghs/anime_face_detection/resolve/main/face_detect_v1.4_n/model.onnx",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: deepghs/anime_face_detection lists it with 12.1 MB; not tried",
        format="YOLOv8n face detector of drawings, ONNX",
        suffix=".onnx",
    ),
    Model(
        name="danbooru2019-portraits",
        purpose=Purpose.NETWORK,
        used_by="training.start_from",
        licence="not stated (awesome-pretrained-stylegan2 lists it as unknown)",
        size=None,
        most_bytes=4_000_000_000,
        address="https://mega.nz/file/PeIi2ayb#xoRtjTXyXuvgDxSsSMn-cOh-Zux9493zqdxwVMaAzp4",
        delivery=Delivery.BROWSER,
        certainty="likely: awesome-pretrained-stylegan2 and others name it, after gwern.net/Faces; not tried",
        format="StyleGAN2 snapshot of 512 px, config F, TensorFlow pickle, packed as .xz",
        suffix=".pkl",
        imported_suffix=".safetensors",
    ),
    Model(
        name="ccip-caformer-24-randaug-pruned",
        purpose=Purpose.EMBEDDING,
        used_by="character.embedding.model",
        licence="OpenRAIL (as the page of deepghs/ccip_onnx has it)",
        size=None,
        most_bytes=1_000_000_000,
        address="https://huggingface.co/deepghs/ccip_onnx/resolve/main/ccip-caformer-24-randaug-pruned/model_feat.onnx",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: the page of deepghs/ccip_onnx lists the file with 150 MB, its imgutils loads it; not tried",
        format="CCIP, features of 384 px pictures, ONNX",
        suffix=".onnx",
    ),
    Model(
        name="wd-swinv2-tagger-v3",
        purpose=Purpose.TAGGER,
        used_by="character.tagger.model",
        licence="Apache-2.0",
        size=None,
        most_bytes=2_000_000_000,
        address="https://huggingface.co/SmilingWolf/wd-swinv2-tagger-v3/resolve/main/model.onnx",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: the page of SmilingWolf/wd-swinv2-tagger-v3 lists the file with 467 MB; not tried",
        format="WD tagger of 448 px pictures, ONNX",
        suffix=".onnx",
    ),
    Model(
        name="wd-swinv2-tagger-v3-tags",
        purpose=Purpose.TAG_LIST,
        used_by="character.tagger.tags_file",
        licence="Apache-2.0",
        size=None,
        most_bytes=16_000_000,
        address="https://huggingface.co/SmilingWolf/wd-swinv2-tagger-v3/resolve/main/selected_tags.csv",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: the page of SmilingWolf/wd-swinv2-tagger-v3 lists the file with 308 kB; not tried",
        format="CSV with the tags of wd-swinv2-tagger-v3",
        suffix=".csv",
    ),
    Model(
        name="deepdanbooru",
        purpose=Purpose.TAGGER,
        used_by="character.tagger.model",
        licence="MIT (as the page of chinoll/deepdanbooru has it)",
        size=None,
        most_bytes=2_000_000_000,
        address="https://huggingface.co/chinoll/deepdanbooru/resolve/main/deepdanbooru.onnx",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: the page of chinoll/deepdanbooru, who converted it, lists the file with 644 MB; not tried",
        format="DeepDanbooru of 512 px pictures, ONNX",
        suffix=".onnx",
    ),
    Model(
        name="deepdanbooru-tags",
        purpose=Purpose.TAG_LIST,
        used_by="character.tagger.tags_file",
        licence="MIT (as the page of chinoll/deepdanbooru has it)",
        size=None,
        most_bytes=16_000_000,
        address="https://huggingface.co/chinoll/deepdanbooru/resolve/main/tags.txt",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: the page of chinoll/deepdanbooru, who converted it, lists the file with 125 kB; not tried",
        format="text with a tag of deepdanbooru on each line",
        suffix=".txt",
    ),
    Model(
        name="isnet-anime",
        purpose=Purpose.MATTE,
        used_by="background.model",
        licence="Apache-2.0 (of SkyTNT/anime-segmentation, which trained it)",
        size=None,
        most_bytes=1_000_000_000,
        address="https://github.com/danielgatis/rembg/releases/download/v0.0.0/isnet-anime.onnx",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: rembg fetches it from there for drawings; not tried",
        format="IS-Net, mattes of 1024 px pictures, ONNX",
        suffix=".onnx",
    ),
    Model(
        name="u2net",
        purpose=Purpose.MATTE,
        used_by="background.model",
        licence="Apache-2.0 (of xuebinqin/U-2-Net, which trained it)",
        size=None,
        most_bytes=1_000_000_000,
        address="https://github.com/danielgatis/rembg/releases/download/v0.0.0/u2net.onnx",
        delivery=Delivery.DOWNLOAD,
        certainty="likely: rembg fetches it from there by default; made for photographs, faster; not tried",
        format="U-2-Net, mattes of 320 px pictures, ONNX",
        suffix=".onnx",
    ),
)

NAMED = {model.name: model for model in MODELS}
