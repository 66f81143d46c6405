"""The model files that a recipe's section `character` names, each loaded once per process."""

import threading

from services.face_detector.character.embedding import Embedder
from services.face_detector.character.tagger import Tagger
from shared.contract.stage import Objects
from shared.models.model_file import Fetching, ModelFile, digest_of, read_model
from shared.recipe import character as recipe

MOST_BYTES = 4_000_000_000
"""Known models have 150 to 1,300 MB."""

MOST_BYTES_OF_TAGS = 16_000_000
"""Known lists have 0.1 to 0.4 MB."""


class CharacterModels:
    """Models by the names that recipes have for them. May be asked from several threads at once."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching
        self._lock = threading.Lock()
        self._embedders: dict[ModelFile, Embedder] = {}
        self._taggers: dict[recipe.Tagger, Tagger] = {}

    def embedding_digest(self, embedding: recipe.Embedding) -> str:
        """Return the SHA-256 of the model for embeddings."""
        return digest_of(_embedding_file(embedding), self._fetching)

    def embedder(self, embedding: recipe.Embedding, store: Objects | None) -> Embedder:
        """Return the model for embeddings; raises `RunUnusable` when it is none."""
        file = _embedding_file(embedding)
        with self._lock:
            if file not in self._embedders:
                self._embedders[file] = Embedder(read_model(file, self._fetching, store))
            return self._embedders[file]

    def tagger_digests(self, tagger: recipe.Tagger) -> tuple[str, str]:
        """Return the SHA-256 of a tagger's model and of its list of tags."""
        model, tags = _tagger_files(tagger)
        return digest_of(model, self._fetching), digest_of(tags, self._fetching)

    def tagger(self, named: recipe.Tagger, store: Objects | None) -> Tagger:
        """Return a tagger; raises `RunUnusable` when its files are not what they should be."""
        with self._lock:
            if named not in self._taggers:
                model, tags = (read_model(file, self._fetching, store) for file in _tagger_files(named))
                self._taggers[named] = Tagger(model, tags, named.input)
            return self._taggers[named]


def _tagger_files(tagger: recipe.Tagger) -> tuple[ModelFile, ModelFile]:
    model = ModelFile("character.tagger", tagger.model, tagger.sha256, MOST_BYTES)
    return model, ModelFile("character.tagger", tagger.tags_file, "", MOST_BYTES_OF_TAGS)


def _embedding_file(embedding: recipe.Embedding) -> ModelFile:
    return ModelFile("character.embedding", embedding.model, embedding.sha256, MOST_BYTES)
