"""Text files as people on Windows write them."""

from __future__ import annotations

import codecs


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, with or without a mark at its start, or in UTF-16 with one.

    Notepad may put the mark there, and `>` of Windows PowerShell writes UTF-16. Raises UnicodeDecodeError.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")
