"""Texts for people in their own language; knows nothing else of ours."""
