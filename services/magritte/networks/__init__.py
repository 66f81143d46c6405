"""What the commands that use a finished network share: which one, with which options, into which files."""
