"""Matters of platform and terminal, kept away from everything else."""
