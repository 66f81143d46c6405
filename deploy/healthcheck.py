"""Ends with 0 if the stage in this container is alive: for engines that ask a program rather than an address."""

import os
import sys
from urllib.request import urlopen

try:
    urlopen(f"http://127.0.0.1:{os.environ['MAGRITTE_METRICS_PORT']}/healthz", timeout=4).close()
except OSError as error:
    sys.exit(str(error))
