"""The govern step: apply the policy to golden rows that changed, and to those the clock moved."""

from sqlalchemy import Engine

from hub.config import Settings
from hub.golden.context import Context
from hub.identity.model import load_model
from hub.models.database import writing
from hub.models.runs import Run
from hub.models.watermarks import move_watermark, versioned, watermark
from hub.policy.assignments import govern_leads
from hub.policy.calendar.store import govern_calendar
from hub.policy.partners import settle_partner_systems
from hub.policy.registrations import govern_registrations
from hub.policy.settings import load_policy
from hub.policy.shares import settle_shares
from hub.policy.siso.store import govern_siso

SUBJECTS = ("registration", "lead", "calendar", "siso")


def govern(
    engine: Engine, settings: Settings, run: Run, subject: str, *, full: bool = False
) -> int:
    """Bring up to date what a subject is about; returns the rows written."""
    policy = load_policy(settings)
    rules = [*_registered(settings), *(_tying(settings) if subject == "registration" else [])]
    step = versioned(f"govern/{subject}", policy.model_dump_json(), *rules)
    with writing(engine) as conn:
        since = 0 if full else watermark(conn, step)
        if subject == "registration":
            written = govern_registrations(conn, settings, policy, run, since)
        elif subject == "calendar":
            written = govern_calendar(conn, settings, policy, run)
        elif subject == "siso":
            written = govern_siso(conn, policy, run, since)
        else:
            renewed = settle_partner_systems(conn, settings, run)
            written = govern_leads(conn, policy, run, since)
            settle_shares(conn, run, everything=renewed or full)
        move_watermark(conn, step, run, whole=since == 0)
    return written


def _tying(settings: Settings) -> list[str]:
    """What registrations are tied to opportunities by."""
    matching = settings.matching
    return [load_model("deal").version, f"{matching.review_from} {matching.review_to}"]


def _registered(settings: Settings) -> list[str]:
    """How each object's deals are read as registrations, and which companies they refer to."""
    rules = (
        f"{system}/{obj}/{mapping.registrations.model_dump_json()}"
        for system, objects in settings.mappings.items()
        for obj, mapping in objects.items()
        if mapping.registrations is not None
    )
    return [Context.of(settings).text, *sorted(rules)]
