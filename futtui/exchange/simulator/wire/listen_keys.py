"""Listen keys: one per account, valid for 60 real minutes after each sign of life."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from futtui.exchange.simulator.wire.errors import WireError

LIFE_S = 3600.0


class ListenKeys:
    """The keys of all accounts. They age in real time at any speed, because clients refresh them by real timers."""

    def __init__(self, seed: int, real_s: Callable[[], float]) -> None:
        self._seed = seed
        self._real_s = real_s
        self._made = 0
        self._keys: dict[str, tuple[str, float]] = {}

    def create(self, api_key: str) -> str:
        """The account's key, a new one if there is none; its life starts anew."""
        key, _ = self._keys.get(api_key) or (self._new_key(), 0.0)
        self._keys[api_key] = (key, self._real_s() + LIFE_S)
        return key

    def extend(self, api_key: str) -> str:
        """Keep the key alive; raises WireError -1125 if there is none."""
        if api_key not in self._keys:
            raise WireError(-1125)
        return self.create(api_key)

    def delete(self, api_key: str) -> None:
        """End the account's key, if there is one."""
        self._keys.pop(api_key, None)

    def of_account(self, api_key: str) -> str | None:
        """The account's living key."""
        found = self._keys.get(api_key)
        return found[0] if found else None

    def expired(self) -> list[str]:
        """Keys whose time is over; they are forgotten."""
        now_s = self._real_s()
        return self._forget([account for account, (_, end_s) in self._keys.items() if end_s <= now_s])

    def expire_all(self) -> list[str]:
        """End every key at once; the keys that ended."""
        return self._forget(list(self._keys))

    def _forget(self, accounts: list[str]) -> list[str]:
        return [self._keys.pop(account)[0] for account in accounts]

    def _new_key(self) -> str:
        self._made += 1
        return hashlib.sha256(f"listen key {self._seed} {self._made}".encode()).hexdigest()
