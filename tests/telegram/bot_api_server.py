"""A local Bot API server: real HTTP on loopback, long polling, flood limits and errors; remembers what it was sent."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

TOKEN = "1234567890:AAtesttesttesttesttesttesttesttest1"
OWNER = 4711


@dataclass
class Sent:
    """One message of the bot as the phone shows it."""

    message_id: int
    chat_id: int
    text: str
    markup: dict[str, Any]
    reply_to: int | None
    silent: bool
    photo: bytes = b""
    versions: list[str] = field(default_factory=list)

    def button(self, label: str) -> str:
        """Data of the button that carries this label, or begins with it."""
        for row in self.markup.get("inline_keyboard", []):
            for each in row:
                if each["text"].startswith(label):
                    return str(each["callback_data"])
        raise AssertionError(f"no button {label!r} under {self.text!r}: {self.markup}")


class _Balanced(HTMLParser):
    """Finds tags that are not closed, as Telegram does."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.wrong |= tag not in ("b", "i", "code", "pre")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.wrong |= not self.open or self.open.pop() != tag


class BotApiServer:
    """Start it, point a bot at `url`, write as a user with `write` and `press`, read `sent`."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.calls: Counter[str] = Counter()
        self.commands: list[dict[str, str]] = []
        self.times_s: list[float] = []
        self.down = False
        self.hang_once = False
        self.flood_once_s = 0
        self.conflict = False
        self.token_known = True
        self.forbidden = False
        self._updates: list[dict[str, Any]] = []
        self._next_update = 1000
        self._next_message = 1
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application(client_max_size=20 * 1024**2)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]

    async def stop(self) -> None:
        """Close everything."""
        self._news.set()
        assert self._runner is not None
        await self._runner.cleanup()

    # --- the user -----------------------------------------------------------------------------------------------

    def write(self, text: str, *, user: int = OWNER, chat: int | None = None, age_s: float = 0.0) -> dict[str, Any]:
        """A user writes to the bot; returns the update, so that it can be replayed."""
        message = {
            "message_id": self._number(),
            "date": int(time.time() - age_s),
            "chat": {"id": chat or user, "type": "private" if (chat or user) > 0 else "group", "first_name": "T"},
            "from": {"id": user, "is_bot": False, "first_name": "Trader"},
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        return self.push({"message": message})

    def press(self, under: Sent, data: str, *, user: int = OWNER, age_s: float = 0.0) -> dict[str, Any]:
        """A user presses a button; the message above it is so old."""
        chat = {"id": under.chat_id, "type": "private", "first_name": "T"}
        written_s = int(time.time() - age_s)
        message = {"message_id": under.message_id, "date": written_s, "chat": chat, "text": under.text}
        query = {
            "id": str(self._number()),
            "from": {"id": user, "is_bot": False, "first_name": "Trader"},
            "chat_instance": "1",
            "message": message,
            "data": data,
        }
        return self.push({"callback_query": query})

    def push(self, update: dict[str, Any]) -> dict[str, Any]:
        """Deliver an update; one that has a number already comes again with it."""
        if "update_id" not in update:
            self._next_update += 1
            update["update_id"] = self._next_update
        self._updates.append(update)
        self._news.set()
        return update

    async def wait_for(self, count: int, timeout_s: float = 60.0) -> list[Sent]:
        """All messages once there are at least `count`."""
        end = time.monotonic() + timeout_s
        while len(self.sent) < count:
            assert time.monotonic() < end, f"{len(self.sent)} of {count} messages came: {[m.text for m in self.sent]}"
            await asyncio.sleep(0.01)
        return self.sent

    async def answer_to(self, text: str, **user: Any) -> Sent:
        """Write and wait for the next message of the bot."""
        before = len(self.sent)
        self.write(text, **user)
        return (await self.wait_for(before + 1))[before]

    async def version(self, message: Sent, count: int, timeout_s: float = 60.0) -> str:
        """The text of a message after it was changed `count` times."""
        end = time.monotonic() + timeout_s
        while len(message.versions) < count:
            assert time.monotonic() < end, f"{message.text!r} was changed {len(message.versions)} times"
            await asyncio.sleep(0.01)
        return message.text

    # --- the API ------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] += 1
        if not self.token_known or request.match_info["token"] != TOKEN:
            return _error(404 if method == "getMe" else 401, "Unauthorized")
        if self.down:
            return web.Response(status=502, text="<html>Bad Gateway</html>")
        values = await _values(request)
        handler = getattr(self, f"_on_{method}", None)
        return await handler(values) if handler is not None else _ok(True)

    async def _on_getMe(self, _: dict[str, Any]) -> web.Response:
        return _ok({"id": 1234567890, "is_bot": True, "first_name": "futtui", "username": "futtui_bot"})

    async def _on_setMyCommands(self, values: dict[str, Any]) -> web.Response:
        self.commands = json.loads(values["commands"])
        return _ok(True)

    async def _on_getUpdates(self, values: dict[str, Any]) -> web.Response:
        if self.conflict:
            return _error(409, "Conflict: terminated by other getUpdates request")
        offset, timeout_s = int(values.get("offset", 0)), float(values.get("timeout", 0))
        end = time.monotonic() + min(timeout_s, 2.0)
        while True:
            self._updates = [each for each in self._updates if each["update_id"] >= offset or each.get("again")]
            if self._updates or time.monotonic() >= end or self.down:
                found = self._updates
                for each in found:
                    each.pop("again", None)
                return _ok(found)
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.01, end - time.monotonic()))
            except TimeoutError:
                continue

    async def _on_sendMessage(self, values: dict[str, Any]) -> web.Response:
        return await self._accept(values, values["text"])

    async def _on_sendPhoto(self, values: dict[str, Any]) -> web.Response:
        return await self._accept(values, values.get("caption", ""))

    async def _on_editMessageText(self, values: dict[str, Any]) -> web.Response:
        message = next(each for each in self.sent if each.message_id == int(values["message_id"]))
        markup = json.loads(values.get("reply_markup") or "{}")
        message.versions.append(values["text"])
        if message.text == values["text"] and message.markup == markup:
            return _error(400, "Bad Request: message is not modified")
        message.text, message.markup = values["text"], markup
        return _ok(_message(message))

    async def _accept(self, values: dict[str, Any], text: str) -> web.Response:
        if self.forbidden:
            return _error(403, "Forbidden: bot was blocked by the user")
        if self.flood_once_s:
            seconds, self.flood_once_s = self.flood_once_s, 0
            return _error(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
        parser = _Balanced()
        parser.feed(text)
        if values.get("parse_mode") and (parser.wrong or parser.open):
            return _error(400, "Bad Request: can't parse entities")
        if len(text) > (1024 if "photo" in values else 4096):
            return _error(400, "Bad Request: message is too long")
        reply = json.loads(values.get("reply_parameters") or "{}")
        sent = Sent(
            self._number(),
            int(values["chat_id"]),
            text,
            json.loads(values.get("reply_markup") or "{}"),
            reply.get("message_id"),
            values.get("disable_notification") in ("True", "true", True),
            values.get("photo", b""),
        )
        self.sent.append(sent)
        self.times_s.append(time.monotonic())
        if self.hang_once:  # taken, but the answer never comes
            self.hang_once = False
            await asyncio.sleep(60)
        return _ok(_message(sent))

    def _number(self) -> int:
        self._next_message += 1
        return self._next_message


async def _values(request: web.Request) -> dict[str, Any]:
    """Fields of a request in any of the forms that clients use; files as bytes under their field's name."""
    if request.content_type == "application/json":
        return dict(await request.json())
    data = await request.post()
    values: dict[str, Any] = {}
    files = {name: value.file.read() for name, value in data.items() if isinstance(value, web.FileField)}
    for name, value in data.items():
        if isinstance(value, str):
            attached = value.removeprefix("attach://")
            values[name] = files.get(attached, value)
    return {**files, **values}


def _message(sent: Sent) -> dict[str, Any]:
    chat = {"id": sent.chat_id, "type": "private", "first_name": "T"}
    return {"message_id": sent.message_id, "date": int(time.time()), "chat": chat, "text": sent.text}


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(code: int, text: str, parameters: dict[str, Any] | None = None) -> web.Response:
    body = {"ok": False, "error_code": code, "description": text}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=code)
