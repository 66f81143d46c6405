"""The deduper's two stages."""

from services.deduper.fingerprinting import Fingerprinting
from services.deduper.judging import Judging

STAGES = (Fingerprinting, Judging)
