"""Painters: pure functions from snapshots to lines of (text, style token); no terminal library in here."""
