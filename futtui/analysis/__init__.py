"""Analysis of one symbol, and the worker processes that carry the analysis of many."""
