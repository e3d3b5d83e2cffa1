"""Changes single values in the text of a YAML file and leaves every other character as it is, comments included.

The positions of keys and values come from the YAML parser itself; afterwards the text is read again and must mean the
old content with exactly the wanted changes, else nothing is changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from futtui.config.loader import plain_value
from futtui.domain.errors import ConfigurationError

STEP = 2
BY_HAND = "Nothing was changed. Change it there by hand."


def changed_text(text: str, changes: Mapping[str, Any]) -> str:
    """`text` with each value of `changes` (key path -> plain Python value) put in.

    Raises ConfigurationError where the file is written in a way that cannot be changed safely.
    """
    try:
        wanted = yaml.safe_load(text) or {}
    except ValueError:
        raise ConfigurationError(f"The file holds a date or number that does not exist. {BY_HAND}") from None
    for path, value in changes.items():
        keys = tuple(path.split("."))
        text = _with_value(text, keys, value)
        _put(wanted, keys, value)
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        found = None
    if found != wanted:
        raise ConfigurationError(f"The file is written in a way that cannot be changed from here. {BY_HAND}")
    return text


def yaml_text(value: Any) -> str:
    """The value in one line of YAML that reads back as the same value."""
    text = plain_value(value)
    try:
        if yaml.safe_load(text) == _plain(value):
            return text
    except (yaml.YAMLError, ValueError):
        pass
    return _with_points(json.dumps(_plain(value), ensure_ascii=False), value)


def _with_points(text: str, value: Any) -> str:
    """YAML takes `1e-05` for a text and `1.0e-05` for a number."""
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _put(content: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        inner = content.get(key)
        content[key] = content = inner if isinstance(inner, dict) else {}
    content[keys[-1]] = _plain(value)


def _with_value(text: str, keys: tuple[str, ...], value: Any) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        return _joined(text, len(text), _block(keys, value, 0, _line_end(text)), text)
    shared = _shared_nodes(root)
    node: yaml.Node = root
    for depth, key in enumerate(keys):
        if id(node) in shared:
            raise ConfigurationError(f"`{'.'.join(keys)}` is shared between places (& and *). {BY_HAND}")
        if not isinstance(node, yaml.MappingNode):
            raise ConfigurationError(f"`{'.'.join(keys[:depth])}` is not a section in the file. {BY_HAND}")
        found = next(((name, inner) for name, inner in node.value if name.value == key), None)
        if found is None:
            return _inserted(text, node, keys[depth:], value, is_whole=node is root)
        name, inner = found
        if depth < len(keys) - 1 and _is_empty(inner):
            return _filled(text, name, inner, keys[depth + 1 :], value)
        node = inner
    if id(node) in shared:
        raise ConfigurationError(f"`{'.'.join(keys)}` is shared between places (& and *). {BY_HAND}")
    return _replaced(text, node, value)


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _shared_nodes(root: yaml.Node) -> set[int]:
    """Nodes that stand in several places, because the file uses anchors."""
    seen: set[int] = set()
    shared: set[int] = set()

    def walk(node: yaml.Node) -> None:
        if id(node) in seen:
            shared.add(id(node))
            return
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, inner in node.value:
                walk(key)
                walk(inner)
        elif isinstance(node, yaml.SequenceNode):
            for inner in node.value:
                walk(inner)

    walk(root)
    return shared


def _replaced(text: str, node: yaml.Node, value: Any) -> str:
    begin, end = node.start_mark.index, _end(node)
    new = yaml_text(value)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and isinstance(value, list | tuple) and value:
        return _replaced_items(text, node, [yaml_text(item) for item in value])
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        new += _line_end(text)
    if begin == end:  # nothing stands there yet: `key:`
        new = f" {new}"
    if not getattr(node, "flow_style", True):  # a list in lines of its own becomes one line beside its key
        begin = text.rindex(":", 0, begin) + 1
        new = f" {new}"
    return text[:begin] + new + text[end:]


def _replaced_items(text: str, node: yaml.SequenceNode, wanted: list[str]) -> str:
    """A list with one item a line: lines of items that stay keep their place, their comments and their looks."""
    begins = [text.rindex("-", 0, item.start_mark.index) for item in node.value]
    ends = [_line_after(text, _end(item)) for item in node.value]
    starts = [_line_start(text, begins[0]), *ends[:-1]]
    kept = {yaml_text(yaml.safe_load(text[item.start_mark.index : _end(item)])): place
            for place, item in enumerate(node.value)}  # fmt: skip
    indent = text[_line_start(text, begins[0]) : begins[0]]
    lines = []
    for item in wanted:
        place = kept.get(item)
        line = text[starts[place] : ends[place]] if place is not None else f"{indent}- {item}"
        lines.append(line if line.endswith("\n") else line + _line_end(text))
    return text[: starts[0]] + "".join(lines) + text[ends[-1] :]


def _inserted(text: str, node: yaml.MappingNode, keys: tuple[str, ...], value: Any, *, is_whole: bool) -> str:
    """A new key at the end of a section; behind its last comments too where it is the `is_whole` file."""
    if node.flow_style:
        place = node.end_mark.index - 1
        return f"{text[:place].rstrip()}{', ' if node.value else ''}{_flow(keys, value)}{text[place:]}"
    indent = node.value[0][0].start_mark.column
    place = len(text) if is_whole else _line_after(text, _end(node))
    return _joined(text, place, _block(keys, value, indent, _line_end(text)), text)


def _filled(text: str, name: yaml.Node, inner: yaml.Node, keys: tuple[str, ...], value: Any) -> str:
    """The first key of a section that stands empty in the file."""
    begin, end = inner.start_mark.index, _end(inner)
    if begin < end:  # written as `section: null`
        return f"{text[:begin]}{{{_flow(keys, value)}}}{text[end:]}"
    block = _block(keys, value, name.start_mark.column + STEP, _line_end(text))
    return _joined(text, _line_after(text, name.end_mark.index), block, text)


def _joined(text: str, place: int, block: str, whole: str) -> str:
    before = text[:place]
    if before and not before.endswith("\n"):
        before += _line_end(whole)
    return before + block + text[place:]


def _block(keys: tuple[str, ...], value: Any, indent: int, line_end: str) -> str:
    lines = [f"{' ' * (indent + STEP * depth)}{key}:" for depth, key in enumerate(keys)]
    lines[-1] += f" {yaml_text(value)}"
    return line_end.join(lines) + line_end


def _flow(keys: tuple[str, ...], value: Any) -> str:
    if len(keys) == 1:
        return f"{keys[0]}: {yaml_text(value)}"
    return f"{keys[0]}: {{{_flow(keys[1:], value)}}}"


def _end(node: yaml.Node) -> int:
    """Where the last character of a node stands; the parser's own end of a block lies behind later comments."""
    children = node.value if isinstance(node, yaml.CollectionNode) and not node.flow_style else ()
    if not children:
        return node.end_mark.index
    last = children[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_after(text: str, place: int) -> int:
    """Begin of the line after the one in which `place` lies."""
    if place and text[place - 1] == "\n":
        return place
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
