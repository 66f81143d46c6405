"""The model files that a recipe's section `character` names, each loaded once per process."""

import threading

from services.face_detector.character.embedding import Embedder
from services.face_detector.model_file import Fetching, ModelFile, digest_of, read_model
from shared.contract.stage import Objects
from shared.recipe.character import Embedding

MOST_BYTES = 4_000_000_000
"""Known models have 150 to 1,300 MB."""


class CharacterModels:
    """Models by the names that recipes have for them. May be asked from several threads at once."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching
        self._lock = threading.Lock()
        self._embedders: dict[ModelFile, Embedder] = {}

    def embedding_digest(self, embedding: Embedding) -> str:
        """Return the SHA-256 of the model for embeddings."""
        return digest_of(_embedding_file(embedding), self._fetching)

    def embedder(self, embedding: Embedding, store: Objects | None) -> Embedder:
        """Return the model for embeddings; raises `RunUnusable` when it is none."""
        file = _embedding_file(embedding)
        with self._lock:
            if file not in self._embedders:
                self._embedders[file] = Embedder(read_model(file, self._fetching, store))
            return self._embedders[file]


def _embedding_file(embedding: Embedding) -> ModelFile:
    return ModelFile("character.embedding", embedding.model, embedding.sha256, MOST_BYTES)
