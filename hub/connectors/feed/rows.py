"""What a report says, per object: its lines, the companies they name, and the report itself."""

import json

import polars as pl

from hub.connectors.contract import IS_DELETED, MERGED_INTO, MODIFIED_AT, RECORD_ID, RESERVED
from hub.connectors.feed.canonical import (
    ACTION,
    CLAIM,
    END_CUSTOMER,
    END_CUSTOMER_ID,
    FIELDS,
    INVENTORY_LINE,
    LINE,
    POS_LINE,
    REPORT_ID,
    REPORT_LINE,
    RESELLER,
    RESELLER_ID,
    SHIPMENT,
)
from hub.connectors.feed.files import DroppedFile
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import Head, Part
from hub.connectors.paging import text_frame

_COMPANIES = {RESELLER: RESELLER_ID, END_CUSTOMER: END_CUSTOMER_ID}
_DATED = {POS_LINE: "report_date", INVENTORY_LINE: "as_of_date", CLAIM: "claim_date",
          SHIPMENT: "ship_date"}  # fmt: skip
_UNDATED = "1970-01-01"
_DATE = r"^\d{4}-\d\d-\d\d$"
_LONGEST_NAME = 100


def says(part: Part, obj: str) -> bool:
    """Whether a part has anything to tell of an object."""
    return obj == part.object or (obj in _COMPANIES and _COMPANIES[obj] in part.rows.columns)


def rows_of(part: Part, obj: str, fields: tuple[str, ...], report_id: str) -> pl.DataFrame:
    """The rows of one object in the order of the file; of a company's mentions the last counts."""
    lines = part.rows.with_columns(
        pl.lit(f"{_latest(part)}T00:00:00.000Z").alias(MODIFIED_AT),
        _is_deleted(part, obj).alias(IS_DELETED),
        pl.lit(None, pl.String).alias(MERGED_INTO),
        pl.lit(report_id).alias(REPORT_ID),
        pl.col(LINE).cast(pl.String).alias(REPORT_LINE),
    )
    if obj in _COMPANIES:
        lines = (
            lines.with_columns(pl.col(_COMPANIES[obj]).alias(RECORD_ID))
            .filter(pl.col(RECORD_ID).is_not_null())
            .unique(RECORD_ID, keep="last", maintain_order=True)
        )
    columns = [pl.col(FIELDS[obj][name]).alias(name) for name in fields]
    return lines.select(*RESERVED, *columns)


def _is_deleted(part: Part, obj: str) -> pl.Expr:
    """A line of a report of changes may take itself back; the companies it names stay."""
    if obj != part.object or ACTION not in part.rows.columns:
        return pl.lit("false")
    taken_back = (pl.col(ACTION) == "delete").fill_null(value=False)
    return pl.when(taken_back).then(pl.lit("true")).otherwise(pl.lit("false"))


def report_record_id(file: DroppedFile, digest: str) -> str:
    """The name of a file and the beginning of its digest: each version is a report of its own."""
    return f"{file.name[-_LONGEST_NAME:]}:{digest[:12]}"


def report_row(
    file: DroppedFile,
    digest: str | None,
    status: str,
    fields: tuple[str, ...],
    told: dict[str, str | None],
) -> pl.DataFrame:
    """One row of the object `report`."""
    known = {**told, "status": status, "file": file.name[-255:], "digest": digest,
             "received_at": file.written_at}  # fmt: skip
    reserved = {
        RECORD_ID: report_record_id(file, digest or "unread"),
        MODIFIED_AT: file.written_at or f"{_UNDATED}T00:00:00.000Z",
        IS_DELETED: "false",
        MERGED_INTO: None,
    }
    values = [reserved[name] for name in RESERVED] + [known.get(name) for name in fields]
    return text_frame([*RESERVED, *fields], [[value] for value in values])


def told_of(
    head: Head, profile: Profile, name: str, read: int, ignored: int
) -> dict[str, str | None]:
    """What is known of a report once it was read."""
    return {
        "report_kind": head.kind,
        "format": head.format,
        "profile": name,
        "profile_version": profile.version,
        "mode": profile.mode,
        "report_id": head.report_id,
        "purpose": head.purpose,
        "sender": head.sender,
        "branch": profile.constants.get("branch") or head.branch,
        "period_start": head.period_start,
        "period_end": head.period_end,
        "lines_read": str(read),
        "lines_ignored": str(ignored),
        "evidence": json.dumps(head.evidence, ensure_ascii=False, sort_keys=True),
        "warnings": json.dumps(head.warnings, ensure_ascii=False),
    }


def _latest(part: Part) -> str:
    """The newest report date of the lines: the same on every machine and at every reading."""
    dates = part.rows[_DATED[part.object]]
    latest = dates.filter(dates.str.contains(_DATE).fill_null(value=False)).max()
    return latest if isinstance(latest, str) else _UNDATED
