"""Texts of the screen in each language, one file per area; each file holds all languages side by side."""
