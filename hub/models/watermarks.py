"""How far each step has come: it takes the rows that later runs changed."""

from hashlib import blake2b

from sqlalchemy import Connection, delete, select, update

from hub.models.operations import ops_step, ops_watermark
from hub.models.runs import Run


def versioned(step: str, *configuration: str) -> str:
    """The name of a step under a configuration: another configuration starts from the beginning."""
    digest = blake2b("\x1f".join(configuration).encode(), digest_size=8).hexdigest()
    return f"{step}@{digest}"


def watermark(conn: Connection, step: str) -> int:
    """The last run whose rows `step` has taken; 0 before its first."""
    taken = conn.scalar(select(ops_watermark.c.run).where(ops_watermark.c.step == step))
    return int(taken) if taken is not None else 0


def move_watermark(conn: Connection, step: str, run: Run, *, whole: bool) -> None:
    """`step` has taken everything up to `run`, the `whole` or what had changed; moves in the
    transaction of the step's own rows.

    What the step took under another configuration is forgotten: going back to that one starts from
    the beginning, too.
    """
    conn.execute(ops_step.insert().values(run=run.number, step=step, whole=whole))
    name, at, _ = step.partition("@")
    if at:
        others = ops_watermark.c.step.startswith(f"{name}@", autoescape=True)
        conn.execute(delete(ops_watermark).where(others, ops_watermark.c.step != step))
    moved = conn.execute(
        update(ops_watermark).where(ops_watermark.c.step == step).values(run=run.number)
    )
    if moved.rowcount == 0:
        conn.execute(ops_watermark.insert().values(step=step, run=run.number))
