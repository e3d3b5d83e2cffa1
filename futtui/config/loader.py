"""Loads YAML into settings dataclasses; refuses what it does not know, with file, line, reason and suggestion."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from futtui.config.loaded import Loaded
from futtui.config.schema import FieldShape, shape
from futtui.config.user_text import decoded
from futtui.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SECRET_NAMES = re.compile(r"(api_?key|secret|token|password|passphrase)", re.IGNORECASE)
COMMA_DECIMAL = re.compile(r"-?\d+,\d+")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration."""

    where: str
    reason: str
    suggestion: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" + (f" {self.suggestion}" if self.suggestion else "")


def load_settings(settings_type: type, file: Path | None, overrides: Mapping[str, tuple[Any, str]]) -> Loaded:
    """Settings from defaults, then `file`, then `overrides` (key path -> (value, origin)).

    Raises ConfigurationError that lists every problem, not just the first.
    """
    reader = _Reader(str(file) if file else "")
    values = reader.read(file, settings_type) if file is not None else {}
    for path, (value, origin) in overrides.items():
        reader.override(settings_type, values, path, value, origin)
    if reader.problems:
        raise ConfigurationError("\n".join(str(problem) for problem in reader.problems))
    try:
        return Loaded(_build(settings_type(), values), reader.origins)
    except ValueError as error:
        raise ConfigurationError(f"{file or 'settings'}: values do not fit together: {error}") from error


def check_value(item: FieldShape, path: str, raw: Any) -> Any:
    """`raw` as the setting's type; raises ConfigurationError with the rule that it breaks."""
    try:
        return _validated(item, raw)
    except ValidationError as error:
        raise ConfigurationError(" ".join(_explain(path, raw, item, error)).strip()) from None


def put_together(settings: Any, changes: Mapping[str, Any]) -> Any:
    """`settings` with checked values put in by key path; raises ValueError where they do not fit together."""
    tree: dict[str, Any] = {}
    for path, value in changes.items():
        *sections, name = path.split(".")
        target = tree
        for section in sections:
            target = target.setdefault(section, {})
        target[name] = value
    return _build(settings, tree)


def _build(default: Any, values: Mapping[str, Any]) -> Any:
    """`default` with `values` put in; sections keep what their parent presets for them."""
    changes = {}
    for name, item in shape(default.__class__).items():
        if name in values:
            changes[name] = _build(getattr(default, name), values[name]) if item.nested else values[name]
    return dataclasses.replace(default, **changes)


class _Reader:
    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.problems: list[Problem] = []
        self.origins: dict[str, str] = {}

    def read(self, file: Path, settings_type: type) -> dict[str, Any]:
        try:
            text = decoded(file.read_bytes())
        except FileNotFoundError:
            self.problems.append(Problem(str(file), "this file does not exist.", "Check the path after --config."))
            return {}
        except OSError as error:
            reason = f"this file cannot be read ({error.strerror})."
            self.problems.append(Problem(str(file), reason, "Check the path after --config."))
            return {}
        except UnicodeDecodeError as error:
            where = f"{file}, byte {error.start}"
            self.problems.append(Problem(where, "this is not UTF-8 text.", "Save the file as UTF-8."))
            return {}
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            self.problems.append(self._syntax(error))
            return {}
        except yaml.YAMLError:  # a control character: the reader knows no line
            advice = "Open it in an editor and write it anew, or save it again as plain text."
            self.problems.append(Problem(str(file), "this file holds signs that no text has.", advice))
            return {}
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.problems.append(Problem(self._at(node), "the file must be a list of `key: value` lines."))
            return {}
        return self._mapping(node, settings_type, "")

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        where = f"{self.file_name}, line {mark.line + 1}" if mark else self.file_name
        reason = f"{error.problem or 'this is not YAML'}."
        if "\\t" in reason or "'\t'" in reason:
            return Problem(where, "a tab character stands here.", "Indent with spaces.")
        return Problem(where, reason, "Check the indentation, colons and quotes around this line.")

    def _mapping(self, node: yaml.MappingNode, settings_type: type, prefix: str) -> dict[str, Any]:
        known = shape(settings_type)
        values: dict[str, Any] = {}
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            path = f"{prefix}{key}"
            if key in first_lines:
                text = f"`{path}` stands twice (first in line {first_lines[key]})."
                self.problems.append(Problem(self._at(key_node), text, "Remove one of the two."))
                continue
            first_lines[key] = key_node.start_mark.line + 1
            item = known.get(key)
            if item is None:
                self.problems.append(self._unknown(key_node, path, key, list(known)))
            elif item.nested is not None:
                values[key] = self._section(value_node, item.nested, path)
            else:
                self._leaf(value_node, item, path, values)
        return values

    def _section(self, node: yaml.Node, settings_type: type, path: str) -> dict[str, Any]:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, settings_type, f"{path}.")
        if not (isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"):
            keys = ", ".join(shape(settings_type))
            self.problems.append(Problem(self._at(node), f"`{path}` is a section.", f"It may hold: {keys}."))
        return {}

    def _leaf(self, node: yaml.Node, item: FieldShape, path: str, values: dict[str, Any]) -> None:
        loader = yaml.SafeLoader("")
        try:
            raw = loader.construct_object(node, deep=True)
        except yaml.MarkedYAMLError as error:
            self.problems.append(self._syntax(error))
            return
        except ValueError as error:
            self.problems.append(Problem(self._at(node), f"`{path}` cannot be read: {error}."))
            return
        finally:
            loader.dispose()
        self._take(item, path, raw, self._at(node), values)

    def override(self, settings_type: type, values: dict[str, Any], path: str, value: Any, origin: str) -> None:
        *sections, name = path.split(".")
        target = values
        for section in sections:
            item = shape(settings_type).get(section)
            if item is None or item.nested is None:
                self.problems.append(Problem(origin, f"`{path}` is not a setting."))
                return
            settings_type, target = item.nested, target.setdefault(section, {})
        leaf = shape(settings_type).get(name)
        if leaf is None or leaf.nested is not None:
            self.problems.append(
                Problem(origin, f"`{path}` is not a setting.", _closest(name, list(shape(settings_type))))
            )
            return
        self._take(leaf, path, value, origin, target)

    def _take(self, item: FieldShape, path: str, raw: Any, where: str, values: dict[str, Any]) -> None:
        try:
            values[item.name] = _validated(item, raw)
            self.origins[path] = where
        except ValidationError as error:
            self.problems.append(Problem(where, *_explain(path, raw, item, error)))

    def _unknown(self, node: yaml.Node, path: str, key: str, known: list[str]) -> Problem:
        if SECRET_NAMES.search(key):
            text = f"`{path}` looks like a secret. Secrets are never read from YAML."
            return Problem(self._at(node), text, "Put it into the file .env (see .env.example) and remove it here.")
        return Problem(self._at(node), f"`{path}` is not a known setting.", _closest(key, known))

    def _at(self, node: yaml.Node) -> str:
        return f"{self.file_name}, line {node.start_mark.line + 1}"


def _validated(item: FieldShape, raw: Any) -> Any:
    """`raw` as the setting's type; YAML's yes and no are no numbers, although the library counts them as 1 and 0."""
    wants_number = isinstance(item.default, int | float) and not isinstance(item.default, bool)
    return TypeAdapter(item.annotation).validate_python(str(raw) if wants_number and isinstance(raw, bool) else raw)


def _closest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."


def _explain(path: str, raw: Any, item: FieldShape, error: ValidationError) -> tuple[str, str]:
    details = error.errors(include_url=False)[0]
    if isinstance(raw, str) and COMMA_DECIMAL.fullmatch(raw.strip()):
        return f"`{path}` is {raw!r}, which is not a number.", f"Write {raw.replace(',', '.')} with a point."
    place = "".join(f"[{part}]" for part in details["loc"])
    if isinstance(item.default, Enum) and not place:
        allowed = ", ".join(str(member.value) for member in type(item.default))
        return f"`{path}` is {raw!r}.", f"Use one of: {allowed}."
    told = "empty" if raw is None else plain_value(raw) if isinstance(raw, bool) else repr(raw)
    return f"`{path}{place}` is {told}: {_rule(details)}.", f"The default is {plain_value(item.default)}."


_RULES = {
    "tuple_type": "write a list, as in [BTCUSDT, ETHUSDT]",
    "list_type": "write a list, as in [BTCUSDT, ETHUSDT]",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "string_type": "write a text",
}


def _rule(details: ErrorDetails) -> str:
    """The rule that was broken, in everyday words where the library's own are not."""
    plain = _RULES.get(details["type"])
    if plain is not None:
        return plain
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    message = details["msg"].replace("Input should be", "it must be")
    return message[0].lower() + message[1:]


def plain_value(value: Any) -> str:
    """A setting as a person would write it in YAML."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, tuple | list):
        return f"[{', '.join(plain_value(item) for item in value)}]"
    if dataclasses.is_dataclass(value):
        return "..."
    if isinstance(value, str):
        return value if value and re.fullmatch(r"[\w./:+-]+( [\w./:+-]+)*", value) else f'"{value}"'
    return str(value)
