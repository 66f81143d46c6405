"""The deduper's three stages."""

from services.deduper.comparing import Comparing
from services.deduper.fingerprinting import Fingerprinting
from services.deduper.judging import Judging

STAGES = (Fingerprinting, Judging, Comparing)
