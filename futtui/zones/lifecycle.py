"""How a zone rises and falls: candidate, active, key, stale. It expires by being forgotten."""

from __future__ import annotations

from typing import NamedTuple

from futtui.domain.zone import ZoneState
from futtui.zones.settings import ZoneSettings

ACTIVE_BOUNCES = 2
KEY_BOUNCES = 3
KEY_MARGIN = 5.0
"""A key zone stays one until its score is this far below the limit, so that it does not flicker."""


class Standing(NamedTuple):
    """What the next state depends on."""

    score: float
    bounces: int
    purity: float
    is_stale: bool
    has_senior: bool


def next_state(state: ZoneState, now: Standing, settings: ZoneSettings) -> ZoneState:
    """The state after a look at how things stand; applied as often as needed it settles at once.

    Candidate to active: two bounces, pure, touched lately, and a score that would not demote it again. Active to key:
    a score of 80 and a senior zone over it or three bounces. Back to candidate: a low score or too many closes inside.
    """
    if now.is_stale:
        return ZoneState.STALE
    if now.score < settings.score_demote or now.purity < settings.purity_demote:
        return ZoneState.CANDIDATE
    risen = state in (ZoneState.ACTIVE, ZoneState.KEY)
    if not risen and (now.bounces < ACTIVE_BOUNCES or now.purity < settings.purity_min):
        return ZoneState.CANDIDATE
    needed = settings.score_key - (KEY_MARGIN if state is ZoneState.KEY else 0.0)
    if now.score >= needed and (now.has_senior or now.bounces >= KEY_BOUNCES):
        return ZoneState.KEY
    return ZoneState.ACTIVE
