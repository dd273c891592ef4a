"""Which weights are in use: the shipped ones, or trained ones that somebody has approved."""

from datetime import datetime

import yaml
from sqlalchemy import Connection, select

from hub.errors import HubError
from hub.identity.mentions import Entity
from hub.identity.model import Model, load_model, parse_model
from hub.models.identity import identity_approval, identity_version


def model_in_use(conn: Connection, entity: Entity) -> Model:
    """The newest approved model of an entity; without an approval the shipped one.

    Raises HubError when what was approved does not fit this program any more.
    """
    a = identity_approval.c
    newest = select(a.version).where(a.entity == entity).order_by(a.id.desc()).limit(1)
    version = conn.scalar(newest)
    return load_model(entity) if version is None else read_version(conn, entity, version)


def read_version(conn: Connection, entity: Entity, version: str) -> Model:
    """A model by its version, shipped or trained. Raises HubError if there is none."""
    shipped = load_model(entity)
    if version == shipped.version:
        return shipped
    v = identity_version.c
    document = conn.scalar(select(v.document).where(v.entity == entity, v.version == version))
    if document is None:
        raise HubError(
            f"There are no weights of the version {version} for a {entity}.",
            remedy="see `hub match versions`; `hub match train` makes new ones",
        )
    model = parse_model(yaml.safe_load(document), entity)
    unknown = sorted(set(model.weights) - set(shipped.weights))
    if unknown:
        raise HubError(
            f"The weights {version} of a {entity} weigh '{unknown[0]}', which this program does "
            "not compare.",
            remedy=f"run `hub match approve {shipped.version} --entity {entity}`, then train again",
        )
    return model


def approve(
    conn: Connection, entity: Entity, version: str, by: str, why: str | None, at: datetime
) -> None:
    """From the next run on `version` is in use. Raises HubError if there is no such version."""
    read_version(conn, entity, version)
    conn.execute(
        identity_approval.insert().values(
            entity=entity, version=version, approved_by=by, reason=why, approved_at=at
        )
    )
