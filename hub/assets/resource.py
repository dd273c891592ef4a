"""The resource that makes one Dagster run one hub run.

With the in-process executor a run has one instance of it: the first step that needs the hub run
opens it, all others share it, and the end of the run closes it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr
from sqlalchemy import Engine

from hub.checks.laws import LawResult
from hub.config import Settings
from hub.models.database import check_reachable, open_engine, reading
from hub.models.schema import ready
from hub.sync.flow import Flow, opened
from hub.sync.ledger import DAGSTER, PAUSED, newest_sync, run_errors
from hub.sync.mapped import load_settings
from hub.sync.verdict import judge


class HubResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """`config` is the path of `hub.yaml`; secrets stay in the environment."""

    config: str
    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)
    _settings: Settings | None = PrivateAttr(default=None)
    _engine: Engine | None = PrivateAttr(default=None)
    _flow: Flow | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["HubResource"]:
        with self._stack:
            yield self
            if self._flow is not None:
                # A pause is in the report already, by the flow itself.
                self._flow.report.troubles += [
                    told for told in _failed_steps(context) if f": {PAUSED}: " not in told
                ]

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = load_settings(Path(self.config))
        return self._settings

    @property
    def engine(self) -> Engine:
        """The warehouse, reachable and at the revision of this program."""
        if self._engine is None:
            engine = open_engine(self.settings.warehouse_url)
            self._stack.callback(engine.dispose)
            check_reachable(engine)
            ready(engine)
            self._engine = engine
        return self._engine

    def flow(self, context: dg.AssetExecutionContext) -> Flow:
        """The hub run of this Dagster run, under the one-writer lock from its first use on."""
        if self._flow is None:
            self._flow = self._stack.enter_context(opened(self.engine, self.settings, DAGSTER))
            context.log.info(
                "This Dagster run, %s, is hub run %d.", context.run.run_id, self._flow.run.number
            )
        return self._flow

    def runs(self) -> Sequence[int]:
        """The ledger runs that checks judge: this run's, or those of the newest sync when only
        checks are run."""
        if self._flow is not None:
            return self._flow.report.runs
        with reading(self.engine) as conn:
            return newest_sync(conn)

    def laws(self) -> Sequence[LawResult]:
        """How the laws stand for `runs`."""
        if self._flow is not None:
            return self._flow.report.laws or self._flow.conclude()
        runs = self.runs()
        with reading(self.engine) as conn:
            errors = run_errors(conn, runs)
        return judge(self.engine, self.settings, runs, errors)


def _failed_steps(context: dg.InitResourceContext) -> Iterator[str]:
    """What went wrong in this Dagster run, whoever noticed: a step of ours, a check, Dagster."""
    if context.instance is None or context.run is None:
        return
    failures = context.instance.all_logs(
        context.run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
    )
    for event in (entry.get_dagster_event() for entry in failures):
        data = event.step_failure_data
        told = data.user_failure_data.description if data.user_failure_data else None
        error = data.error.cause or data.error if data.error else None
        yield f"{event.step_key}: {told or (error.message.strip() if error else 'failed')}"
