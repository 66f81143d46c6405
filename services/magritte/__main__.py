"""`python -m services.magritte` is `magritte`."""

from services.magritte.main import main

if __name__ == "__main__":  # child processes import this module again
    main()
