"""The step: changed source rows in, groups with stable ids out, in one transaction.

    changed mentions → profiles → keys and block sizes → candidates → scores
                     → the components they touch → groups → ids, events, crosswalk

What comes out depends on the rows, links and judgements there are, never on the order or the
portions they came in: nothing is estimated from what happened to be there first. Where a score
depends on how many share a value, the count is exact, and when it passes a step of the model all
holders of the value are looked at again.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import polars as pl
from sqlalchemy import Connection, Engine

from hub.erasure.issuing import take_ids
from hub.identity.claims import join_claims
from hub.identity.closure import Closure, load_all, load_closure
from hub.identity.cluster import Links, group_rows
from hub.identity.ids import Assignment, Event, Row, assign
from hub.identity.intake import Intake, take_in
from hub.identity.links import (
    Decisions,
    Pair,
    accepted,
    mark_applied,
    parents,
    read_decisions,
    standing_ids,
)
from hub.identity.mentions import ROW, Entity, all_mentions, changed_mentions
from hub.identity.model import Model
from hub.identity.outcome import Background, write_newcomers, write_outcome
from hub.identity.scoring import Scoring
from hub.identity.store import Store
from hub.identity.versions import model_in_use
from hub.models.database import writing
from hub.models.runs import Run
from hub.models.watermarks import move_watermark, watermark

_PREFIX: dict[Entity, str] = {"company": "co", "contact": "ct"}


@dataclass(frozen=True)
class ResolveReport:
    """What one call did. Rows looked at and found as before are `unchanged`."""

    entity: Entity
    changed_rows: int
    unchanged: int
    candidate_pairs: int = 0
    clusters_touched: int = 0
    rows_moved: int = 0
    minted: int = 0
    merged: int = 0
    split: int = 0
    retired: int = 0
    conflicts: int = 0


def resolve(engine: Engine, run: Run, entity: Entity, *, full: bool = False) -> ResolveReport:
    """Bring crosswalk and identity tables up to date with the source rows landed so far.

    Takes the rows changed since the last call; `full`, or a new model, takes all and makes every
    profile, key and pair anew. Contacts look at the companies' hub ids: resolve companies first.
    """
    with writing(engine) as conn:
        return _Resolution(conn, run, entity).carry_out(full=full)


class _Resolution:
    """One call's connection and model, so that the stages need not pass them on."""

    def __init__(self, conn: Connection, run: Run, entity: Entity) -> None:
        self.conn, self.run, self.entity = conn, run, entity
        self.model: Model = model_in_use(conn, entity)
        self.store = Store(conn, entity, run.number)
        self.scoring = Scoring(self.store, entity, self.model)
        self.step = f"resolve/{entity}"

    def carry_out(self, *, full: bool) -> ResolveReport:
        everything = full or self.store.model_version() != self.model.version
        if everything:
            self.store.start_over(self.model.version)
            told = all_mentions(self.conn, self.entity)
        else:
            self.store.look_up()
            told = changed_mentions(self.conn, self.entity, watermark(self.conn, self.step))
        intake = take_in(self.store, told, self.entity, everything=everything)
        decisions = read_decisions(self.conn, self.entity)
        report = ResolveReport(
            entity=self.entity,
            changed_rows=intake.rows.height,
            unchanged=told.height - intake.rows.height,
        )
        del told
        if intake.rows.height or decisions.news:
            report = self._regroup(report, intake, decisions, everything=everything)
            mark_applied(self.conn, decisions, self.run.number)
        if everything:
            self.store.take_stock()
        move_watermark(self.conn, self.step, self.run, whole=everything)
        return report

    def _regroup(
        self, report: ResolveReport, intake: Intake, decisions: Decisions, *, everything: bool
    ) -> ResolveReport:
        if everything:
            pairs = self.scoring.score_all(intake)
            closure = load_all(self.store)
        else:
            touched, pairs = self.scoring.score_again(intake)
            closure = load_closure(self.store, touched, intake.rows, decisions)
        mentions = closure.mentions
        apart = list(decisions.different)
        apart += parents(mentions) if self.entity == "company" else []
        told = sorted(closure.told)
        named = {row for pair in (*decisions.same, *told) for row in pair}
        same, conflicts = accepted(
            decisions.same, told, decisions.different, _present(mentions, named)
        )
        groups = group_rows(mentions, closure.linked, Links(same, apart), self.scoring.weights)
        said = {row for pair in conflicts for row in pair}
        known, newcomers = _split(groups, mentions, {*closure.before, *closure.claims, *said})
        outcome, background = self._reassign(known, closure, decisions, (same, apart, conflicts))
        moved = write_outcome(self.store, outcome, background, self.run.started_at)
        born = newcomers["group"].n_unique()
        self._mint_for(newcomers)
        kinds = Counter(event.kind for event in outcome.events)
        return replace(
            report,
            candidate_pairs=pairs,
            clusters_touched=groups["group"].n_unique(),
            rows_moved=moved + newcomers.height,
            minted=kinds["mint"] + born,
            merged=kinds["merge"],
            split=kinds["split"],
            retired=kinds["retire"],
            conflicts=len(conflicts),
        )

    def _reassign(
        self,
        known: pl.DataFrame,
        closure: Closure,
        decisions: Decisions,
        links: tuple[list[Pair], list[Pair], list[Pair]],
    ) -> tuple[Assignment, Background]:
        """Ids for the groups of rows that had, or claim, one; `links` are the pairs that are the
        same, that are apart, and that contradict."""
        same, apart, conflicts = links
        mentions = closure.mentions.join(known, on=ROW).sort(ROW)
        profile_of = {(s, o, r): p for s, o, r, p in mentions.select(*ROW, "profile").iter_rows()}
        merges = _merges(mentions)
        parts = join_claims(_parts(known), closure, profile_of, apart, merges, self.scoring.weights)
        outcome = assign(
            parts, closure.before, self._revivable(mentions, closure), self._mint, merges
        )
        outcome.events += [
            Event("conflict", outcome.ids[a], outcome.ids[b], (a, b))
            for a, b in conflicts
            if decisions.news & {a, b}
        ]
        said = {frozenset(pair): "different" for pair in apart}
        said.update({frozenset(pair): "same" for pair in same})
        told = set(same)
        said.update(
            {frozenset(pair): f"merged in {pair[0][0]}" for pair in merges.items() if pair in told}
        )
        return outcome, Background(closure.before, profile_of, said, self.scoring.explain)

    def _mint_for(self, newcomers: pl.DataFrame) -> None:
        """New ids for groups none of whose rows had one."""
        places = newcomers["group"].unique(maintain_order=True)
        ids = pl.Series(self._mint(places.len()), dtype=pl.String)
        rows = newcomers.select(
            *ROW, hub_id=pl.col("group").replace_strict(places, ids, return_dtype=pl.String)
        )
        write_newcomers(self.store, rows, self.run.started_at)

    def _revivable(self, mentions: pl.DataFrame, closure: Closure) -> dict[Row, str]:
        """Retired ids that rows used to have, or claim."""
        former = {
            (s, o, r): last
            for s, o, r, last in mentions.select(*ROW, "last_id").drop_nulls("last_id").iter_rows()
        }
        standing = standing_ids(self.conn, self.entity, former.values())
        former = {row: standing[last] for row, last in former.items() if last in standing}
        former.update(closure.claims)
        living = set(self.store.rows_of(set(former.values()))["hub_id"])
        return {row: hub_id for row, hub_id in former.items() if hub_id not in living}

    def _mint(self, count: int) -> list[str]:
        return take_ids(self.conn, f"{self.entity}_id", _PREFIX[self.entity], count)


def _present(mentions: pl.DataFrame, rows: set[Row]) -> list[Row]:
    """Those of `rows` that are among the mentions."""
    asked = pl.DataFrame(sorted(rows), schema=dict.fromkeys(ROW, pl.String), orient="row")
    return list(asked.join(mentions, on=ROW, how="semi").iter_rows())


def _split(
    groups: pl.DataFrame, mentions: pl.DataFrame, known: set[Row]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The groups (ROW + group) with a row that is known or had an id once, and all others."""
    rows = pl.DataFrame(sorted(known), schema=dict.fromkeys(ROW, pl.String), orient="row")
    former = mentions.filter(pl.col("last_id").is_not_null()).select(ROW)
    met = groups.join(pl.concat([rows, former]), on=ROW, how="semi").select("group").unique()
    return (
        groups.join(met, on="group", how="semi", maintain_order="left"),
        groups.join(met, on="group", how="anti", maintain_order="left").sort("group", *ROW),
    )


def _parts(groups: pl.DataFrame) -> list[list[Row]]:
    """The rows of each group, in order."""
    found: dict[int, list[Row]] = defaultdict(list)
    for system, kind, record_id, group in groups.sort("group", *ROW).iter_rows():
        found[group].append((system, kind, record_id))
    return list(found.values())


def _merges(mentions: pl.DataFrame) -> dict[Row, Row]:
    """Loser → survivor among rows of one object that their system has merged."""
    losers = mentions.filter(pl.col("merged_into").is_not_null())
    return {
        (system, kind, loser): (system, kind, survivor)
        for system, kind, loser, survivor in losers.select(*ROW, "merged_into").iter_rows()
    }
