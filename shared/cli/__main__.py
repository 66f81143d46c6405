"""`python -m shared.cli` is `magritte`."""

from shared.cli.main import main

if __name__ == "__main__":  # child processes import this module again
    main()
