"""Benchmarks: each module has NAME, DESCRIPTION and `run() -> (table rows, figures)`. See `python -m benchmarks`."""
