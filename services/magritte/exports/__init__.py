"""Formats in which other programs read data sets of pictures: a file for each."""
