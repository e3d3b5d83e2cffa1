"""Reads the shape of a settings dataclass: its fields, types, bounds and the docstring under each field.

Every room declares its own settings as a frozen dataclass with `Annotated` bounds; this is the only source of names,
defaults and limits. The loader, `futtui config show` and the reference file are all made from it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints


@dataclass(frozen=True)
class FieldShape:
    """One key of the configuration."""

    name: str
    annotation: Any
    default: Any
    doc: str
    nested: type | None


@cache
def shape(settings_type: Any) -> dict[str, FieldShape]:
    """Fields of a settings dataclass by name, in order."""
    hints = get_type_hints(settings_type, include_extras=True)
    docs = _field_docs(settings_type)
    fields: dict[str, FieldShape] = {}
    for item in dataclasses.fields(settings_type):
        annotation = hints[item.name]
        nested = annotation if isinstance(annotation, type) and dataclasses.is_dataclass(annotation) else None
        fields[item.name] = FieldShape(item.name, annotation, _default(item), docs.get(item.name, ""), nested)
    return fields


def _default(item: dataclasses.Field[Any]) -> Any:
    if item.default is not dataclasses.MISSING:
        return item.default
    if item.default_factory is not dataclasses.MISSING:
        return item.default_factory()
    raise TypeError(f"The setting {item.name} has no default; every setting needs one.")


def _field_docs(settings_type: type) -> dict[str, str]:
    docs: dict[str, str] = {}
    for owner in reversed(settings_type.__mro__):
        if dataclasses.is_dataclass(owner):
            docs.update(_docs_in_source(owner))
    return docs


def _docs_in_source(settings_type: type) -> dict[str, str]:
    """Strings that stand right under a field; none when the source is not at hand."""
    try:
        source = textwrap.dedent(inspect.getsource(settings_type))
    except OSError:
        return {}
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            docs[statement.target.id] = " ".join(following.value.value.split())
    return docs
