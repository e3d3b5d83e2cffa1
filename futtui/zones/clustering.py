"""Grouping of prices: one-dimensional DBSCAN by a sorted sweep, and the splitting of groups that grew too wide."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

NOISE = -1


def dbscan_labels(values: Sequence[float], eps: float, min_samples: int) -> list[int]:
    """Cluster number of each value, -1 for noise; the same labels as scikit-learn's DBSCAN gives.

    On a line, neighbours are neighbours in sorted order, so one sweep finds the dense points and the chains they
    form. Clusters are numbered by their first dense point in input order; a point on the rim of two clusters belongs
    to the lower number.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    dense = _dense_points([values[index] for index in order], eps, min_samples)
    chains = _chains(values, order, dense, eps)
    labels = [NOISE] * len(values)
    for label, chain in enumerate(sorted(chains, key=min)):
        for index in chain:
            labels[index] = label
    _label_rim(values, [index for index, is_dense in zip(order, dense, strict=True) if is_dense], labels, order, eps)
    return labels


def _dense_points(ordered: list[float], eps: float, min_samples: int) -> list[bool]:
    dense = []
    first = last = 0
    for value in ordered:
        while value - ordered[first] > eps:
            first += 1
        while last < len(ordered) and ordered[last] - value <= eps:
            last += 1
        dense.append(last - first >= min_samples)
    return dense


def _chains(values: Sequence[float], order: list[int], dense: list[bool], eps: float) -> list[list[int]]:
    chains: list[list[int]] = []
    for index, is_dense in zip(order, dense, strict=True):
        if not is_dense:
            continue
        if chains and values[index] - values[chains[-1][-1]] <= eps:
            chains[-1].append(index)
        else:
            chains.append([index])
    return chains


def _label_rim(values: Sequence[float], dense: list[int], labels: list[int], order: list[int], eps: float) -> None:
    """Give points that are not dense themselves the label of a dense point within reach."""
    following = 0
    for index in order:
        if labels[index] != NOISE:
            following += 1
            continue
        reach = [
            labels[near]
            for near in dense[max(0, following - 1) : following + 1]
            if abs(values[near] - values[index]) <= eps
        ]
        if reach:
            labels[index] = min(reach)


def clusters(values: Sequence[float], eps: float, min_samples: int, widest: float) -> list[list[int]]:
    """Indices of each cluster, members in rising order of value, none spanning more than `widest`."""
    groups: dict[int, list[int]] = {}
    for index, label in enumerate(dbscan_labels(values, eps, min_samples)):
        if label != NOISE:
            groups.setdefault(label, []).append(index)
    found = []
    for group in groups.values():
        ordered = sorted(group, key=lambda index: (values[index], index))
        found += split_at_gaps(values, ordered, min_samples, widest)
    return found


def split_at_gaps(values: Sequence[float], ordered: list[int], least: int, widest: float) -> list[list[int]]:
    """Pieces of a group, cut at its largest gaps until each spans `widest` at most; pieces below `least` are dropped.

    Density clustering chains points without end; a zone must not.
    """
    pending, pieces = [ordered], []
    while pending:
        group = pending.pop()
        if len(group) < least:
            continue
        if values[group[-1]] - values[group[0]] <= widest:
            pieces.append(group)
            continue
        gaps = [values[after] - values[before] for before, after in pairwise(group)]
        centre = len(gaps) / 2.0
        # Among equal gaps the middle one, or both of a middle pair: a cut must not depend on which way up the chart is.
        ranks = [(gap, -abs(place + 0.5 - centre)) for place, gap in enumerate(gaps)]
        best = max(ranks)
        cuts = [0, *(place + 1 for place, rank in enumerate(ranks) if rank == best), len(group)]
        pending += [group[start:end] for start, end in pairwise(cuts)]
    return sorted(pieces, key=lambda group: values[group[0]])
