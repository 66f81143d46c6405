"""The folder of a run's results that is handed on: which files, how each is written, how it is kept up to date."""
