"""Seeded chance without a generator: a number is a function of (key, counter), so order and slicing never matter.

SplitMix64 (Steele, Lea, Flood 2014) as a counter-based hash. Only integer and basic float arithmetic is used for the
uniform numbers, so they are the same on every machine and with every numpy release.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_MASK21 = np.uint64((1 << 21) - 1)
_TO_UNIT = 2.0**-53
_TO_UNIT21 = 2.0**-21


def key_of(*parts: object) -> int:
    """A 64-bit key for the given parts (their texts), the same in every process."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode("utf-8"), digest_size=8).digest(), "little")


def keys_of(*parts: object) -> Keys:
    """`key_of` as an array of one element, ready for the functions below."""
    return np.array([key_of(*parts)], dtype=np.uint64)


def hashed(keys: npt.NDArray[Any], counters: npt.NDArray[Any]) -> Keys:
    """64 random bits for every (key, counter); the two arrays are broadcast against each other."""
    state = keys.astype(np.uint64) + (counters.astype(np.uint64) + np.uint64(1)) * _GOLDEN
    state ^= state >> _S30
    state *= _FIRST
    state ^= state >> _S27
    state *= _SECOND
    state ^= state >> _S31
    return state


def uniforms(keys: npt.NDArray[Any], counters: npt.NDArray[Any]) -> Floats:
    """Uniform numbers strictly between 0 and 1."""
    return ((hashed(keys, counters) >> _S11).astype(np.float64) + 0.5) * _TO_UNIT


def near_normals(keys: npt.NDArray[Any], counters: npt.NDArray[Any]) -> Floats:
    """Bell-shaped numbers with mean 0 and variance 1, within -3 and 3 (sum of three uniforms, no logarithm)."""
    bits = hashed(keys, counters)
    total = (bits & _MASK21) + ((bits >> np.uint64(21)) & _MASK21) + ((bits >> np.uint64(42)) & _MASK21)
    return total.astype(np.float64) * (2.0 * _TO_UNIT21) - 3.0


def student_t(keys: npt.NDArray[Any], counters: npt.NDArray[Any], degrees: float) -> Floats:
    """Fat-tailed numbers: Student's t with `degrees` > 2, scaled to variance 1 (Bailey's polar form, 1994)."""
    first = uniforms(keys, 2 * counters)
    second = uniforms(keys, 2 * counters + 1)
    plain = np.sqrt(degrees * (first ** (-2.0 / degrees) - 1.0)) * np.cos(2.0 * np.pi * second)
    return plain * np.sqrt((degrees - 2.0) / degrees)
