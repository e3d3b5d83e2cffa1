"""Brings back what the last run left open: virtual positions, their signals, blocked symbols."""
