"""What the pages offer as a file: a trace that needs nothing else, and all that is kept."""
