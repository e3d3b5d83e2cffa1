"""The exchange's own addresses under /sim/: its time, its speed, steps, marks in the streams, faults.

They are no part of the real exchange's protocol and cost no request weight.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from futtui.domain.errors import FuttuiError
from futtui.exchange.simulator.wire.answers import Answer, RawRequest
from futtui.exchange.simulator.wire.clock import LOCKSTEP
from futtui.exchange.simulator.wire.fault_rules import parse_fault_script
from futtui.exchange.simulator.wire.frames import encode
from futtui.exchange.simulator.wire.venue import Venue

MAX_STEPS = 100_000


class ControlRefusedError(FuttuiError):
    """A control request that cannot be carried out; `status` for HTTP."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


class Control:
    """Answers /sim/ requests."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._handlers = {
            ("GET", "/sim/state"): self._state,
            ("POST", "/sim/advance"): self._advance,
            ("POST", "/sim/barrier"): self._barrier,
            ("POST", "/sim/speed"): self._speed,
            ("GET", "/sim/faults"): self._fault_reports,
            ("POST", "/sim/faults"): self._load_faults,
            ("DELETE", "/sim/faults"): self._clear_faults,
        }

    def answer(self, request: RawRequest) -> Answer:
        """The answer; mistakes come back as {"error": text}."""
        handler = self._handlers.get((request.method, request.path))
        try:
            if handler is None:
                known = ", ".join(f"{method} {path}" for method, path in self._handlers)
                raise ControlRefusedError(
                    404, f"Unknown control address {request.method} {request.path}. Known: {known}."
                )
            return Answer(200, encode(handler(request)), {})
        except ControlRefusedError as refused:
            return Answer(refused.status, encode({"error": str(refused)}), {})
        except FuttuiError as error:
            return Answer(400, encode({"error": str(error)}), {})

    def _state(self, _: RawRequest) -> dict[str, Any]:
        venue = self._venue
        return {
            "now_ms": venue.clock.now_ms,
            "speed": LOCKSTEP if venue.clock.lockstep else venue.clock.speed,
            "label": venue.source.label,
            "synthetic": venue.source.synthetic,
            "step_ms": venue.config.step_ms,
            "start_ms": venue.source.start_ms,
            "end_ms": venue.source.end_ms,
            "ended": venue.ended,
        }

    def _advance(self, request: RawRequest) -> dict[str, Any]:
        venue = self._venue
        if not venue.clock.lockstep:
            raise ControlRefusedError(
                409, 'Time runs by itself here. Set the speed to "max" before you move it by steps.'
            )
        steps = _whole(_parameters(request).get("steps", 1), "steps")
        if not 1 <= steps <= MAX_STEPS:
            raise ControlRefusedError(400, f"steps must be from 1 to {MAX_STEPS}, not {steps}.")
        for _ in range(steps):
            if venue.ended:
                break
            venue.step()
        return self._barrier(request)

    def _barrier(self, _: RawRequest) -> dict[str, Any]:
        number, connections = self._venue.barrier()
        venue = self._venue
        return {"step": number, "now_ms": venue.clock.now_ms, "ended": venue.ended, "connections": connections}

    def _speed(self, request: RawRequest) -> dict[str, Any]:
        speed = _parameters(request).get("speed")
        if not isinstance(speed, int | float | str) or isinstance(speed, bool):
            raise ControlRefusedError(400, 'Send {"speed": 60} or {"speed": "max"}.')
        self._venue.clock.set_speed(speed)
        return self._state(request)

    def _fault_reports(self, _: RawRequest) -> dict[str, Any]:
        return {"rules": self._venue.faults.reports()}

    def _load_faults(self, request: RawRequest) -> dict[str, Any]:
        self._venue.load_faults(parse_fault_script(request.body, "posted script"))
        return self._fault_reports(request)

    def _clear_faults(self, request: RawRequest) -> dict[str, Any]:
        self._venue.faults.clear()
        return self._fault_reports(request)


def _parameters(request: RawRequest) -> dict[str, Any]:
    """Parameters of the query, of a JSON object in the body, or of a form body."""
    values: dict[str, Any] = dict(parse_qsl(request.query))
    body = request.body.strip()
    if body.startswith("{"):
        try:
            values.update(msgspec.json.decode(body))
        except msgspec.DecodeError as error:
            raise ControlRefusedError(400, f"The body is no valid JSON: {error}.") from None
    elif body:
        values.update(parse_qsl(body))
    return values


def _whole(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ControlRefusedError(400, f"{name} must be a whole number, not {value!r}.") from None
