"""Which exchange a configuration with mistakes in it still names: for what must not wait until they are mended."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from futtui.cli.places import Places
from futtui.cli.where import exchange_in
from futtui.config.settings import ExchangeName, ExchangeSettings, Settings, find_config, load
from futtui.config.user_text import decoded
from futtui.config.variables import OURS, PREFIX
from futtui.domain.errors import ConfigurationError
from futtui.exchange.ports import Endpoints

if TYPE_CHECKING:
    import yaml

_KEYS = ("name", "rest_url", "stream_url")
_OTHER_KEYS = ("archive_url",)
_VARIABLES = {f"EXCHANGE{key.upper().replace('_', '')}": key for key in (*_KEYS, *_OTHER_KEYS)}
_RIGHT = {f"{PREFIX}EXCHANGE__{key.upper()}" for key in _KEYS}
_ELSEWHERE = re.compile(r"demo|testnet|://|localhost|127\.0\.0\.1", re.IGNORECASE)
_STRAY_DEMO = re.compile(r"\w{0,30}[\"']?\s{0,9}[:=]\s{0,9}[\"']?(?:demo|testnet)\b", re.IGNORECASE)
_STRAY_ADDRESS = re.compile(r"(?:rest|stream)_url[\"']?\s*[:=]\s*[\"']?[^\s\"',}]+", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_SECTION = re.compile(r"^[\"']?exchange[\"']?[ \t]*:.*(?:\n(?:[ \t#].*|\r?$))*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NamedExchange:
    """The exchange as far as the configuration could be read; with `doubts` it may be another one."""

    endpoints: Endpoints
    problem: str = ""
    """What is wrong with the configuration; empty = nothing."""
    doubts: tuple[str, ...] = ()
    """Settings that speak of another exchange or address, but cannot be understood."""

    @property
    def label(self) -> str:
        """Name and host, for people."""
        host = "" if self.endpoints.local else urlsplit(self.endpoints.rest).hostname
        return f"{self.endpoints.label} ({host})" if host else self.endpoints.label


@dataclass
class _Reading:
    """What one place says of the exchange: key -> (text, where it stands), and what was not understood of which key."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    doubts: list[tuple[str, str]] = field(default_factory=list)

    def put(self, key: str, text: str, where: str) -> None:
        before = self.values.setdefault(key, (text, where))
        if before[0] != text:
            self.doubts.append((key, f"{where} (it is {text!r} here and {before[0]!r} in {before[1]})"))


def exchange_despite(config: Path | None, places: Places) -> NamedExchange:
    """The exchange that the configuration names, whatever else is wrong with it; never raises an Exception."""
    file = config
    try:
        file = find_config(config, places.home)
        return NamedExchange(exchange_in(load(file).settings, places)[0])
    except Exception as error:  # closing waits for no mistake
        known = isinstance(error, ConfigurationError | OSError)
        problem = str(error) if known else f"The configuration cannot be read ({type(error).__name__})."
    given, written = _Reading(), _Reading()
    try:
        _read_variables(os.environ, given)
        if file is not None:
            _read_file(file, written)
    except Exception as error:
        problem += f"\nMore of it could not be read ({type(error).__name__})."
    return _decided(given, written, places, problem)


def _decided(given: _Reading, written: _Reading, places: Places, problem: str) -> NamedExchange:
    values = written.values | given.values
    doubts = [text for _, text in given.doubts]
    if "rest_url" not in given.values:  # it alone decides where requests go
        doubts += [text for key, text in written.doubts if key != "name" or "name" not in given.values]
    text, where = values.get("name", ("", ""))
    near = difflib.get_close_matches(text.strip().lower(), [each.value for each in ExchangeName], n=1)
    if text and text.strip().lower() not in near and near != [ExchangeName.PRODUCTION.value]:
        doubts.append(f"{where} (it is {text!r})")
    if not text and any(key == "name" for key, _ in written.doubts):
        near = [ExchangeName.DEMO.value]
    rest, stream = (values.get(key, ("", ""))[0] for key in ("rest_url", "stream_url"))
    exchange = ExchangeSettings(ExchangeName(near[0]) if near else ExchangeName.PRODUCTION, rest, stream)
    try:
        endpoints = exchange_in(replace(Settings(), exchange=exchange), places)[0]
    except Exception:  # an address that is none
        doubts.append(values.get("rest_url", values.get("stream_url", ("", "exchange.rest_url")))[1])
        endpoints = exchange_in(replace(Settings(), exchange=ExchangeSettings(exchange.name)), places)[0]
    return NamedExchange(endpoints, problem, tuple(dict.fromkeys(doubts)))


def _read_variables(variables: Mapping[str, str], reading: _Reading) -> None:
    """Names with wrong underscores mean what they would with the right ones."""
    for name, text in sorted(variables.items(), key=lambda item: (item[0].upper() not in _RIGHT, item[0])):
        bare = name.upper().removeprefix(OURS).replace("_", "")
        if not name.upper().startswith(OURS) or not bare.startswith("EXCHANGE"):
            continue
        where, key = f"environment variable {name}", _VARIABLES.get(bare)
        value = text.strip().strip("\"'")
        if key is None and _ELSEWHERE.search(value):
            reading.doubts.append(("", where))
        elif key in _KEYS and value:
            reading.put(key, value, where)


def _read_file(file: Path, reading: _Reading) -> None:
    """The section `exchange` alone; beside it only what looks as if it had been meant for it."""
    if _ELSEWHERE.search(file.name) and not file.exists():
        reading.doubts.append(("name", f"--config {file} (this file does not exist)"))
    try:
        content = file.read_bytes()
    except OSError:
        return
    try:
        text = decoded(content)
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
    text = text.replace("\0", "").replace("\r\n", "\n")
    beside = text
    for part, section, node in _sections(text):
        beside = beside.replace(section, "", 1)
        _read_section(node, part, reading)
    for line in _COMMENT.sub("", beside).splitlines():
        for key, stray in (("name", _STRAY_DEMO), ("rest_url", _STRAY_ADDRESS)):
            found = None if key == "name" and key in reading.values else stray.search(line)
            if found is not None:  # told is no more than that: a secret may stand beside it
                reading.doubts.append((key, f"{file}: `{found.group()}`"))


def _read_section(node: yaml.Node, source: str, reading: _Reading) -> None:
    if not isinstance(node.value, list):  # `exchange: demo`, or an empty section
        if _ELSEWHERE.search(str(node.value)):
            reading.doubts.append(("name", f"exchange (it is {node.value!r}, which is no section)"))
        return
    for pair in node.value:
        key_node, value = pair if isinstance(pair, tuple) else (None, pair)
        key = str(key_node.value) if key_node is not None else ""
        if key in _KEYS and isinstance(value.value, str):
            if value.value.strip() and not value.tag.endswith(":null"):
                reading.put(key, value.value.strip(), f"exchange.{key}")
        elif key in _KEYS or (key not in _OTHER_KEYS and _ELSEWHERE.search(_COMMENT.sub("", _source(value, source)))):
            reading.doubts.append((key, f"exchange.{key}" if key else "exchange"))


def _sections(text: str) -> Iterator[tuple[str, str, yaml.Node]]:
    """Each section `exchange`: the text that was read, the section's part of it, and its node.

    From text that is no YAML as a whole only the block below a line `exchange:` is read.
    """
    import yaml

    for part in (text, "\n".join(found.group() for found in _SECTION.finditer(text))):
        try:
            tree = yaml.compose(part, Loader=yaml.SafeLoader)
        except Exception:  # also one that is nested too deep
            continue
        if isinstance(tree, yaml.MappingNode):
            for key, value in tree.value:
                if key.value == "exchange":
                    yield part, part[key.start_mark.index : value.end_mark.index], value
            return


def _source(node: yaml.Node, text: str) -> str:
    return text[node.start_mark.index : node.end_mark.index]
