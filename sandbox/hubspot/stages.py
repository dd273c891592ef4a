"""What the pipeline stage of a record implies: closed flags, probability, time of entry."""

from collections.abc import Mapping

from sandbox.hubspot.catalog import Catalog
from sandbox.hubspot.records import Raw
from sandbox.hubspot.schema import DEALS, LEADS, ObjectType, stage_entered_property

_FIELDS = {DEALS: ("pipeline", "dealstage"), LEADS: ("hs_pipeline", "hs_pipeline_stage")}
_DEFAULT_PIPELINE = {DEALS: "default", LEADS: "lead-pipeline-id"}


def pipeline_fields(kind: ObjectType) -> tuple[str, str] | None:
    """The pipeline and the stage property of a kind that has pipelines."""
    return _FIELDS.get(kind)


def default_pipeline(kind: ObjectType) -> str:
    return _DEFAULT_PIPELINE[kind]


def derived(
    catalog: Catalog, kind: ObjectType, values: Mapping[str, Raw], at: int
) -> dict[str, Raw]:
    """The kept properties of a record that has just come into the stage its values name."""
    fields = pipeline_fields(kind)
    if fields is None:
        return {}
    pipeline_id = str(values.get(fields[0]) or default_pipeline(kind))
    stage = catalog.stage(kind, pipeline_id, str(values.get(fields[1]) or ""))
    if stage is None:
        return {}
    kept: dict[str, Raw] = {stage_entered_property(stage.id): at}
    if kind is DEALS:
        kept["hs_is_closed"] = str(stage.closed).lower()
        kept["hs_is_closed_won"] = str(stage.won).lower()
        kept["hs_deal_stage_probability"] = stage.metadata.get("probability", "0.0")
    return kept
