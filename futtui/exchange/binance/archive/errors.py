"""What can go wrong with the archive."""

from __future__ import annotations

from futtui.domain.errors import ExchangeError


class ArchiveError(ExchangeError):
    """A file of the archive cannot be had as it should be; others may be fine."""


class ArchiveUnreachableError(ArchiveError):
    """The archive did not answer, or answered with failures, however often it was asked."""
