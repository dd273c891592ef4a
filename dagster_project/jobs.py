"""The one job, `sync`, and its schedule. Writing is outward, so an operator switches it on."""

import dagster as dg

sync_job = dg.define_asset_job(
    "sync",
    selection=dg.AssetSelection.all(),
    description="The whole flow: land, resolve, unify, govern, plan, apply, settle. One run of it "
    "is one hub run.",
)

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.schedule(
    name="every_15_minutes",
    cron_schedule="*/15 * * * *",
    execution_timezone="UTC",
    job=sync_job,
    description="Sync every quarter of an hour, unless the sync before is still under way.",
)
def every_15_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    filters = dg.RunsFilter(job_name=sync_job.name, statuses=_UNDER_WAY)
    if context.instance.get_runs(filters, limit=1):
        return dg.SkipReason("The sync before is still under way.")
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())
