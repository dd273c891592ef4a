"""The laws as Dagster asset checks: a broken one of the first, second or seventh stops the run.

What does not belong here: how a law is judged (`hub.checks.laws`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, cast

import dagster as dg
from sqlalchemy import Engine

from hub.checks import laws
from hub.checks.laws import LawResult
from hub.models.database import reading

_PROMISES = {
    "conservation": "Law 1: every row read ends in exactly one disposition, every change in one "
    "outcome.",
    "fixpoint": "Law 2: planning again finds nothing to write.",
    "identity": "Law 3: every id in use is alive, every id replaced leads to one that is.",
    "honesty": "Law 7: every system was read to its end, every write was accepted.",
    "frugality": "Law 8: API calls used are at most 1.10 times the computed minimum.",
}
_BLOCKING = ("conservation", "fixpoint", "honesty")
_OF_A_READ = ("conservation", "honesty")


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
