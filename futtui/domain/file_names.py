"""Names of files made of words that others chose: symbols of the exchange, names of strategies, of columns."""

from __future__ import annotations

import re
import zlib

LONGEST = 120
"""Windows allows 260 characters for a whole path, of which the folder needs most."""
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|$)", re.IGNORECASE)
"""Windows takes these for devices, whatever follows the first dot and however they are written."""
_ENDING = re.compile(r"(?<=.)\.[A-Za-z0-9]{1,10}$")


def file_name(words: str) -> str:
    """`words` as the name of one file that every system takes, never a path; as they are where nothing is wrong.

    Different words get different names: whatever had to be changed carries a number made of the words before its end.
    """
    found = _ENDING.search(words)
    ending = found.group() if found else ""
    stem = words.removesuffix(ending)
    good = _REFUSED.sub("_", stem)[: LONGEST - len(ending)].strip(" ").rstrip(". ")
    if not good or _DEVICE.match(good + ending):
        good = f"_{good}"
    if good + ending == words:
        return words
    mark = f"-{zlib.crc32(words.encode('utf-8', 'surrogatepass')):08x}{ending}"
    return good[: LONGEST - len(mark)].rstrip(". ") + mark
