"""Commands that measure: `python -m benchmarks --help`. None of them is a test."""
