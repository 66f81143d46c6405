"""The folder of a review by hand: what is written into it, and what is understood of it."""
