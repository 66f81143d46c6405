from tests.services.magritte.conftest import magritte, run, store

__all__ = ["magritte", "run", "store"]
