"""Reads the model that `futtui train` has kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from futtui.signals.confidence import ConfidenceModel


def read_confidence(file: Path) -> ConfidenceModel | None:
    """The model in `file`; None when there is none, or when it was not better than the plain win rate.

    Raises InvalidInputError for a file that is no such model.
    """
    if not file.is_file():
        return None
    import msgspec

    from futtui.signals.confidence import SCHEMA, ConfidenceModel

    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            raise ValueError(f"it has form {record['schema']}, not {SCHEMA}")
        model = msgspec.convert(record["model"], ConfidenceModel)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f"{file} is not a model of this program ({error}). Delete it, or run `futtui train` again."
        ) from error
    return model if model.reliable else None
