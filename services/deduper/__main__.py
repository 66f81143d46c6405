"""`python -m services.deduper`: this container's stages as a process of their own."""

from services.magritte.pipeline import PIPELINE, load
from shared.runtime.stage_process import main

if __name__ == "__main__":  # child processes import this module again
    main("deduper", PIPELINE, load)
