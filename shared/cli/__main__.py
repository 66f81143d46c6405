"""`python -m shared.cli` is `magritte`."""

from shared.cli.main import main

main()
