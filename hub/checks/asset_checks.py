"""The laws as Dagster asset checks: a broken one of the first, second, fifth or seventh stops the
run.

What does not belong here: how a law is judged (`hub.checks.laws`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, cast

import dagster as dg
from sqlalchemy import Connection, Engine, select

from hub.checks import laws
from hub.checks.laws import LawResult
from hub.models.database import reading
from hub.models.operations import ops_schema_event

_PROMISES = {
    "conservation": "Law 1: every row read ends in exactly one disposition, every change in one "
    "outcome.",
    "reversibility": "Law 6: every applied change kept what stood there before.",
    "fixpoint": "Law 2: planning again finds nothing to write.",
    "identity": "Law 3: every id in use is alive, every id replaced leads to one that is.",
    "isolation": "Law 5: a partner's own system holds leads of its partner only.",
    "honesty": "Law 7: every system was read to its end, every write was accepted.",
    "frugality": "Law 8: API calls used are at most 1.10 times the computed minimum.",
}
_BLOCKING = ("conservation", "fixpoint", "isolation", "honesty")
_OF_A_READ = ("conservation", "honesty")
_SCHEMA = "schema"
_FIELDS_PROMISE = "No field that the mapping names is new, gone, of another type, length or list."


class Judged(Protocol):
    """What the checks ask of the `hub` resource."""

    @property
    def engine(self) -> Engine: ...

    def runs(self) -> Sequence[int]: ...

    def laws(self) -> Sequence[LawResult]: ...


def read_checks(
    landed: Mapping[dg.AssetKey, tuple[str, str]],
) -> dg.AssetChecksDefinition:
    """The laws that a landing can break, per land asset (key → system, object)."""

    @dg.multi_asset_check(
        name="laws_of_landing",
        specs=[_spec(law, key) for key in landed for law in _OF_A_READ],
        can_subset=True,
        required_resource_keys={"hub"},
    )
    def _check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        hub = cast(Judged, context.resources.hub)
        runs = hub.runs()
        with reading(hub.engine) as conn:
            for key, of in landed.items():
                for law in (
                    laws.conservation(conn, runs, of),
                    laws.honest_read(conn, runs, of),
                ):
                    if dg.AssetCheckKey(key, law.law) in context.selected_asset_check_keys:
                        yield _result(law, key, runs)

    return _check


def run_checks(settled: dg.AssetKey) -> dg.AssetChecksDefinition:
    """All laws that a run can break, once it has settled."""

    @dg.multi_asset_check(
        name="laws_of_the_run",
        specs=[_spec(law, settled) for law in _PROMISES],
        can_subset=True,
        required_resource_keys={"hub"},
    )
    def _check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        hub = cast(Judged, context.resources.hub)
        for law in hub.laws():
            if dg.AssetCheckKey(settled, law.law) in context.selected_asset_check_keys:
                yield _result(law, settled, hub.runs())

    return _check


def schema_checks(
    landed: Mapping[dg.AssetKey, tuple[str, str]],
) -> dg.AssetChecksDefinition:
    """Per land asset: no field that the mapping names has changed; a change is a warning."""

    @dg.multi_asset_check(
        name="fields_of_landing",
        specs=[
            dg.AssetCheckSpec(_SCHEMA, asset=key, description=_FIELDS_PROMISE) for key in landed
        ],
        can_subset=True,
        required_resource_keys={"hub"},
    )
    def _check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        hub = cast(Judged, context.resources.hub)
        runs = hub.runs()
        with reading(hub.engine) as conn:
            for key, of in landed.items():
                if dg.AssetCheckKey(key, _SCHEMA) in context.selected_asset_check_keys:
                    changed = _changed_fields(conn, runs, of)
                    yield dg.AssetCheckResult(
                        check_name=_SCHEMA,
                        asset_key=key,
                        passed=not changed,
                        severity=dg.AssetCheckSeverity.WARN,
                        description="; ".join(changed) or "every mapped field is as it was",
                        metadata={"hub_runs": ", ".join(map(str, runs)) or "none"},
                    )

    return _check


def _changed_fields(conn: Connection, runs: Sequence[int], of: tuple[str, str]) -> list[str]:
    events = ops_schema_event.c
    query = (
        select(ops_schema_event)
        .where(events.run.in_(runs), events.system == of[0], events.object == of[1], events.mapped)
        .order_by(events.id)
    )
    return [
        f"{row.field}: {row.event} ({row.before or '—'} → {row.after or '—'})"
        for row in conn.execute(query)
    ]


def _spec(law: str, asset: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        law, asset=asset, description=_PROMISES[law], blocking=law in _BLOCKING
    )


def _result(law: LawResult, asset: dg.AssetKey, runs: Sequence[int]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=law.law,
        asset_key=asset,
        passed=law.holds,
        severity=dg.AssetCheckSeverity.ERROR,
        description=law.detail,
        metadata={"detail": law.detail, "hub_runs": ", ".join(map(str, runs)) or "none"},
    )
