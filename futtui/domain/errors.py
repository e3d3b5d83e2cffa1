"""The exception family: what can go wrong, named once.

Every message is a full sentence in plain language that ends with what the reader can do.
"""

from __future__ import annotations


class FuttuiError(Exception):
    """Base of all errors that futtui raises on purpose."""


class InvalidInputError(FuttuiError, ValueError):
    """A value from outside (argument, file, wire) breaks a stated rule."""


class ConfigurationError(FuttuiError):
    """The configuration cannot be used; the text lists file, line, reason and suggestion."""


class InvalidLevelsError(FuttuiError, ValueError):
    """Entry, stop and targets are not in the order that the side demands."""


class ExchangeError(FuttuiError):
    """The exchange, or the way to it, refused or failed."""


class StorageError(FuttuiError):
    """The database could not do what was asked."""
