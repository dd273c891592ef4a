"""Pipelines and their stages."""

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, Reply, Rule, both
from sandbox.hubspot.records import table
from sandbox.hubspot.schema import DEALS, ObjectType, Pipeline, Stage
from sandbox.hubspot.stages import pipeline_fields
from sandbox.hubspot.times import iso

READ = (
    "crm.schemas.{object}.read",
    "crm.objects.{object}.read",
)
WRITE = ("crm.schemas.{object}.write", "crm.objects.{object}.write")


class StageInput(msgspec.Struct, rename="camel"):
    label: str
    display_order: int = 0
    metadata: dict[str, str] = {}
    stage_id: str | None = None


class PipelineInput(msgspec.Struct, rename="camel"):
    label: str
    display_order: int = 0
    stages: list[StageInput] = []
    pipeline_id: str | None = None


class Patch(msgspec.Struct, rename="camel"):
    label: str | None = None
    display_order: int | None = None
    metadata: dict[str, str] | None = None
    archived: bool | None = None


def list_all(call: Call) -> Reply:
    found = sorted(
        call.store.catalog.pipelines(_kind(call)).values(), key=lambda p: p.display_order
    )
    call.rows = len(found)
    return Reply(200, {"results": found})


def _kind(call: Call) -> ObjectType:
    kind = call.kind()
    if pipeline_fields(kind) is None:
        raise validation(f"{kind.upper} has no pipelines")
    return kind


def get_one(call: Call) -> Reply:
    call.rows = 1
    return Reply(200, _pipeline(call, _kind(call)))


def _pipeline(call: Call, kind: ObjectType) -> Pipeline:
    found = call.store.catalog.pipelines(kind).get(call.params["pipeline"])
    if found is None:
        raise ApiError(404, f"Pipeline {call.params['pipeline']} was not found", "OBJECT_NOT_FOUND")
    return found


def _stage(call: Call, kind: ObjectType) -> tuple[Pipeline, Stage]:
    pipeline = _pipeline(call, kind)
    found = pipeline.stage(call.params["stage"])
    if found is None:
        raise ApiError(404, f"Stage {call.params['stage']} was not found", "OBJECT_NOT_FOUND")
    return pipeline, found


def _new_stage(call: Call, kind: ObjectType, body: StageInput) -> Stage:
    now = iso(call.box.now())
    stage_id = body.stage_id or str(call.store.db.next_value("stage", 160_000_001))
    return Stage(
        id=stage_id,
        label=body.label,
        display_order=body.display_order,
        metadata=_metadata(kind, body.metadata),
        created_at=now,
        updated_at=now,
    )


def _metadata(kind: ObjectType, sent: dict[str, str]) -> dict[str, str]:
    """Stage metadata as reads show it; a deal stage must say how likely it is to be won."""
    if kind is not DEALS:
        return {"isClosed": "false", **sent}
    try:
        probability = float(sent.get("probability", ""))
    except ValueError:
        probability = -1.0
    if not 0.0 <= probability <= 1.0:
        raise validation("Deal stages need metadata.probability between 0.0 and 1.0")
    closed = sent.get("isClosed", str(probability in (0.0, 1.0)).lower())
    return {**sent, "isClosed": closed, "probability": str(probability)}


def create(call: Call) -> Reply:
    kind = _kind(call)
    body = call.decode(PipelineInput)
    if not body.stages:
        raise validation("A pipeline needs at least one stage")
    present = call.store.catalog.pipelines(kind)
    with call.store.db.transaction():
        pipeline_id = body.pipeline_id or str(call.store.db.next_value("pipeline", 80_000_001))
        if pipeline_id in present:
            raise ApiError(409, f"Pipeline {pipeline_id} already exists", "OBJECT_ALREADY_EXISTS")
        now = iso(call.box.now())
        made = Pipeline(
            id=pipeline_id,
            label=body.label,
            display_order=body.display_order,
            stages=[_new_stage(call, kind, stage) for stage in body.stages],
            created_at=now,
            updated_at=now,
        )
        _store(call, kind, made)
    call.rows = 1
    return Reply(201, made)


def _store(call: Call, kind: ObjectType, pipeline: Pipeline) -> None:
    call.store.catalog.put_pipeline(kind, pipeline)
    for stage in pipeline.stages:
        call.store.add_stage_property(kind, stage.id)


def replace(call: Call) -> Reply:
    """PUT: the pipeline with the stages of the body in place of those it had."""
    kind = _kind(call)
    present = _pipeline(call, kind)
    body = call.decode(PipelineInput)
    with call.store.db.transaction():
        changed = msgspec.structs.replace(
            present,
            label=body.label,
            display_order=body.display_order,
            stages=[_new_stage(call, kind, stage) for stage in body.stages],
            updated_at=iso(call.box.now()),
        )
        _refuse_if_used(call, kind, [stage.id for stage in present.stages])
        _store(call, kind, changed)
    return Reply(200, changed)


def patch(call: Call) -> Reply:
    kind = _kind(call)
    present = _pipeline(call, kind)
    body = call.decode(Patch)
    changed = msgspec.structs.replace(
        present,
        label=body.label if body.label is not None else present.label,
        display_order=_order(body, present),
        updated_at=iso(call.box.now()),
    )
    with call.store.db.transaction():
        _store(call, kind, changed)
    return Reply(200, changed)


def _order(body: Patch, present: Pipeline | Stage) -> int:
    return body.display_order if body.display_order is not None else present.display_order


def delete(call: Call) -> Reply:
    kind = _kind(call)
    present = _pipeline(call, kind)
    _refuse_if_used(call, kind, [stage.id for stage in present.stages])
    with call.store.db.transaction():
        call.store.catalog.drop_pipeline(kind, present.id)
    return Reply(204)


def _refuse_if_used(call: Call, kind: ObjectType, stage_ids: list[str]) -> None:
    """v3 looks only when asked to; dated paths always do."""
    asked = any(
        call.flag(name)
        for name in ("validateReferencesBeforeDelete", "validateDealStageUsagesBeforeDelete")
    )
    fields = pipeline_fields(kind)
    if not (asked or call.dated) or fields is None:
        return
    marks = ", ".join("?" * len(stage_ids))
    rows = call.store.db.execute(
        f'SELECT id FROM {table(kind)} WHERE archived_at IS NULL AND "p_{fields[1]}" IN ({marks}) '
        "LIMIT 10",
        stage_ids,
    ).fetchall()
    if rows:
        raise ApiError(
            400,
            f"Stages {', '.join(stage_ids)} are still in use",
            "VALIDATION_ERROR",
            sub_category="PipelineError.STAGE_ID_IN_USE",
            context={"ids": [str(row[0]) for row in rows]},
        )


def list_stages(call: Call) -> Reply:
    found = sorted(_pipeline(call, _kind(call)).stages, key=lambda stage: stage.display_order)
    call.rows = len(found)
    return Reply(200, {"results": found})


def get_stage(call: Call) -> Reply:
    call.rows = 1
    return Reply(200, _stage(call, _kind(call))[1])


def create_stage(call: Call) -> Reply:
    kind = _kind(call)
    pipeline = _pipeline(call, kind)
    with call.store.db.transaction():
        made = _new_stage(call, kind, call.decode(StageInput))
        if pipeline.stage(made.id) is not None:
            raise ApiError(409, f"Stage {made.id} already exists", "OBJECT_ALREADY_EXISTS")
        _store(call, kind, msgspec.structs.replace(pipeline, stages=[*pipeline.stages, made]))
    call.rows = 1
    return Reply(201, made)


def change_stage(call: Call) -> Reply:
    """PATCH and PUT alike: what the body names changes, the id stays."""
    kind = _kind(call)
    pipeline, present = _stage(call, kind)
    body = call.decode(Patch)
    changed = msgspec.structs.replace(
        present,
        label=body.label if body.label is not None else present.label,
        display_order=_order(body, present),
        metadata=_metadata(kind, {**present.metadata, **(body.metadata or {})}),
        updated_at=iso(call.box.now()),
    )
    stages = [changed if stage.id == present.id else stage for stage in pipeline.stages]
    with call.store.db.transaction():
        _store(call, kind, msgspec.structs.replace(pipeline, stages=stages))
    return Reply(200, changed)


def delete_stage(call: Call) -> Reply:
    kind = _kind(call)
    pipeline, present = _stage(call, kind)
    _refuse_if_used(call, kind, [present.id])
    stages = [stage for stage in pipeline.stages if stage.id != present.id]
    with call.store.db.transaction():
        _store(call, kind, msgspec.structs.replace(pipeline, stages=stages))
    return Reply(204)


def rules() -> list[Rule]:
    return both(
        "/crm/v3/pipelines/{object}",
        "/crm/pipelines/2026-09/{object}",
        [
            ("GET", "", list_all, READ),
            ("POST", "", create, WRITE),
            ("GET", "/{pipeline}", get_one, READ),
            ("PUT", "/{pipeline}", replace, WRITE),
            ("PATCH", "/{pipeline}", patch, WRITE),
            ("DELETE", "/{pipeline}", delete, WRITE),
            ("GET", "/{pipeline}/stages", list_stages, READ),
            ("POST", "/{pipeline}/stages", create_stage, WRITE),
            ("GET", "/{pipeline}/stages/{stage}", get_stage, READ),
            ("PUT", "/{pipeline}/stages/{stage}", change_stage, WRITE),
            ("PATCH", "/{pipeline}/stages/{stage}", change_stage, WRITE),
            ("DELETE", "/{pipeline}/stages/{stage}", delete_stage, WRITE),
        ],
    )
