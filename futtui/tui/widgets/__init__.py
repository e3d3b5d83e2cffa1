"""Widgets of the dashboard, all on the Line API where figures move."""
