"""The published experiments on a corpus of several departments: which runs they are, running them, their tables."""
