"""Weights fitted to what stewards have decided, around those that the records themselves suggest.

A maximum a posteriori fit of a logistic model: the prior is the given model, each weight with the
spread of one nat. So a level that few decisions speak of stays where it was, and one that many
speak of goes where they say. That stewards are asked about doubtful pairs does no harm: which pair
is asked depends on its levels alone, and the fit is of the answer given the levels.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from hub.identity.model import NATS, Model
from hub.identity.standalone.estimate import Floats, ascending

_SPREAD = 1.0
_ROUNDS = 50
_STILL = 1e-6
_SISTERS = -6 * NATS
"""Levels shipped below this tell sisters apart; half of such a weight stays, whatever was decided:
decisions are made where the rest agrees, and nothing but this level tells sisters from one firm."""

_Levels = list[tuple[str, str]]


def refitted(model: Model, shipped: Model, levels: pl.DataFrame, same: Sequence[bool]) -> Model:
    """`model` fitted to pairs: `levels` has a level column per field, `same` what was decided."""
    known: _Levels = [
        (field, level)
        for field, by_level in model.weights.items()
        for level in by_level
        if (field, level) not in model.vetoes
    ]
    told = _one_hot(levels, known)
    prior = np.array([model.bias, *(model.weights[f][v] for f, v in known)], dtype=float) / NATS
    fitted = _fit(told, np.array(same, dtype=float), prior)
    counts = told[:, 1:].sum(axis=0)
    weights = {
        field: {**by_level, **_held(field, known, fitted[1:], counts, shipped)}
        for field, by_level in model.weights.items()
    }
    bias = round(float(fitted[0]) * NATS)
    digest = hashlib.blake2b(repr((bias, weights)).encode(), digest_size=4).hexdigest()
    version = f"{shipped.version}+{digest}"
    return replace(model, version=version, bias=bias, weights=weights)


def _one_hot(levels: pl.DataFrame, known: _Levels) -> Floats:
    """A column of ones for the bias, then one per level: 1 where a pair reaches it."""
    columns = [np.ones(levels.height)]
    columns += [(levels[field] == level).fill_null(False).to_numpy() for field, level in known]
    return np.column_stack(columns).astype(np.float64)


def _fit(told: Floats, same: Floats, prior: Floats) -> Floats:
    """Newton's method; the prior makes the curvature positive, so there is one answer."""
    held = np.eye(len(prior)) / _SPREAD**2
    fitted = prior.copy()
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-(told @ fitted)))
        slope = told.T @ (same - likely) - held @ (fitted - prior)
        curve = told.T @ (told * (likely * (1 - likely))[:, None]) + held
        step = np.linalg.solve(curve, slope)
        fitted = fitted + step
        if float(np.abs(step).max()) < _STILL:
            break
    return np.asarray(fitted, dtype=np.float64)


def _held(
    field: str, known: _Levels, fitted: Floats, counts: Floats, shipped: Model
) -> dict[str, int]:
    """The field's weights in hundredths: a better level never weighs less than a worse one."""
    at = [place for place, (name, _) in enumerate(known) if name == field]
    at.sort(key=lambda place: shipped.weights[field].get(known[place][1], 0))
    values = ascending(fitted[at], counts[at] + 1)
    rounded = {known[place][1]: round(float(v) * NATS) for place, v in zip(at, values, strict=True)}
    return {
        level: min(weight, shipped.weights[field][level] // 2)
        if shipped.weights[field].get(level, 0) <= _SISTERS
        else weight
        for level, weight in rounded.items()
    }
