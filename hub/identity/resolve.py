"""The step: changed source rows in, groups with stable ids out, in one transaction.

    changed mentions → profiles → keys and block sizes → candidates → scores
                     → the components they touch → groups → ids, events, crosswalk

What comes out depends on the rows, links and judgements there are, never on the order or the
portions they came in: nothing is estimated from what happened to be there first. Where a score
depends on how many share a value, the count is exact, and when it passes a step of the model all
holders of the value are looked at again.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl
from sqlalchemy import Connection, Engine

from hub.erasure.issuing import take_ids
from hub.identity.batch import Batch
from hub.identity.blocks import add_everybody, candidates, measured, replace_profiles
from hub.identity.closure import Closure, load_all, load_closure
from hub.identity.cluster import Links, group_rows
from hub.identity.compare import Patterns, evidence, patterns, weigh
from hub.identity.graph import FORBIDDEN
from hub.identity.ids import Assignment, Event, Row, assign, keep_ids
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
from hub.identity.model import NATS, Model
from hub.identity.outcome import Background, write_newcomers, write_outcome
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
        self.step = f"resolve/{entity}"
        self.sized: pl.DataFrame | None = None
        """The profiles that were measured; nothing changes their sizes any more in this call."""

    def carry_out(self, *, full: bool) -> ResolveReport:
        everything = full or self.store.model_version() != self.model.version
        if everything:
            self.store.start_over(self.model.version)
            told = all_mentions(self.conn, self.entity)
        else:
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
            pairs = self._score_all(intake)
            closure = load_all(self.store)
        else:
            touched, pairs = self._score_again(intake)
            closure = load_closure(self.store, touched, intake.rows, decisions)
        mentions = closure.mentions
        apart = list(decisions.different)
        apart += parents(mentions) if self.entity == "company" else []
        told = sorted(closure.told)
        named = {row for pair in (*decisions.same, *told) for row in pair}
        same, conflicts = accepted(
            decisions.same, told, decisions.different, _present(mentions, named)
        )
        groups = group_rows(mentions, closure.linked, Links(same, apart), self._weights)
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
        parts = self._join_claims(_parts(known), closure, profile_of, apart, merges)
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
        return outcome, Background(closure.before, profile_of, said, self._explain)

    def _mint_for(self, newcomers: pl.DataFrame) -> None:
        """New ids for groups none of whose rows had one."""
        places = newcomers["group"].unique(maintain_order=True)
        ids = pl.Series(self._mint(places.len()), dtype=pl.String)
        rows = newcomers.select(
            *ROW, hub_id=pl.col("group").replace_strict(places, ids, return_dtype=pl.String)
        )
        write_newcomers(self.store, rows, self.run.started_at)

    def _score_all(self, intake: Intake) -> int:
        """Keys, sizes and pairs of all profiles there are; returns how many pairs were scored."""
        add_everybody(self.store, intake.born)
        batch = Batch(intake.born, self.entity)
        self.sized, pairs = batch.sized(self.model), batch.candidates(self.model)
        del batch
        self._save_scores(pairs)
        return pairs.height

    def _score_again(self, intake: Intake) -> tuple[pl.Series, int]:
        """Replace the pairs of all profiles whose scores may differ now.

        Returns every profile whose component may differ, and how many pairs were scored.
        """
        passed = replace_profiles(self.store, intake.born, intake.dead, self.model)
        again = pl.concat([intake.born["profile"], passed]).unique()
        stale = pl.concat([again, intake.dead])
        before = self.store.linked(stale)
        self.store.drop_pairs(stale)
        pairs = candidates(self.store, again, self.model)
        self._save_scores(pairs)
        touched = [again, intake.stirred, before["left"], before["right"]]
        alive = pl.concat(touched).unique()
        return alive.filter(~alive.is_in(intake.dead.implode())), pairs.height

    def _save_scores(self, pairs: pl.DataFrame) -> None:
        if pairs.is_empty():
            return
        scored = self._patterns(pairs)
        kept = pairs.with_columns(of=scored.of).join(
            scored.table.with_row_index("of").filter(pl.col("score") > self.model.keep_above),
            on="of",
        )
        self.store.add_pairs(
            kept.select(
                pl.col("left").alias("left_profile"),
                pl.col("right").alias("right_profile"),
                score=pl.col("score") / NATS,
                veto="veto",
                evidence="evidence",
            )
        )

    def _patterns(self, pairs: pl.DataFrame) -> Patterns:
        """How pairs agree; the table has `score`, `veto` and `evidence` of each pattern."""
        ends = pl.concat([pairs["left"], pairs["right"]]).unique()
        if self.sized is not None:
            ends = ends.filter(~ends.is_in(self.sized["profile"].implode()))
        if self.sized is None or ends.len():
            more = measured(self.store, ends, self.model)
            self.sized = more if self.sized is None else pl.concat([self.sized, more])
        told = patterns(pairs, self.sized, self.entity, self.model)
        scored = weigh(told.table, self.model)
        return Patterns(told.of, scored.with_columns(evidence=evidence(scored, self.model)))

    def _weights(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """(left, right, score) of profiles, FORBIDDEN where the model has a veto."""
        if pairs.is_empty():
            return pairs.select("left", "right", score=pl.lit(0, pl.Int64))
        told = self._patterns(pairs)
        weight = pl.when(pl.col("veto").is_null()).then("score").otherwise(FORBIDDEN)
        scores = told.table.select(weight).to_series()
        return pairs.select("left", "right", score=scores.gather(told.of))

    def _explain(self, pairs: pl.DataFrame) -> dict[tuple[int, int], tuple[int, str | None, str]]:
        if pairs.is_empty():
            return {}
        told = self._patterns(pairs)
        said = told.table.select("score", "veto", "evidence")[told.of]
        return dict(zip(pairs.select("left", "right").rows(), said.rows(), strict=True))

    def _join_claims(
        self,
        parts: list[list[Row]],
        closure: Closure,
        profile_of: dict[Row, int],
        apart: Sequence[tuple[Row, Row]],
        merges: dict[Row, Row],
    ) -> list[list[Row]]:
        """Put a row that carries a hub id of ours into the group that keeps that id.

        The CRM tells back what the hub once wrote there, so this holds whatever else the row says;
        only what must stay apart does.
        """
        kept = keep_ids(parts, closure.before, merges)
        place_of = {hub_id: n for n, hub_id in enumerate(kept) if hub_id}
        part_of = {row: n for n, part in enumerate(parts) for row in part}
        foes = {
            frozenset((part_of[a], part_of[b])) for a, b in apart if a in part_of and b in part_of
        }
        for row in sorted(closure.claims):
            here, there = part_of[row], place_of.get(closure.claims[row])
            if there is None or part_of[parts[there][0]] == here:
                continue
            there = part_of[parts[there][0]]
            if frozenset((here, there)) in foes or self._vetoed(
                parts[here], parts[there], profile_of
            ):
                continue
            parts[there].extend(parts[here])
            part_of.update(dict.fromkeys(parts[here], there))
            foes = {frozenset(there if n == here else n for n in pair) for pair in foes}
        return sorted(
            sorted(row for row in part) for n, part in enumerate(parts) if part_of[part[0]] == n
        )

    def _vetoed(
        self, here: Sequence[Row], there: Sequence[Row], profile_of: dict[Row, int]
    ) -> bool:
        ends = {tuple(sorted((profile_of[a], profile_of[b]))) for a in here for b in there}
        frame = pl.DataFrame(
            sorted(ends), schema={"left": pl.Int64, "right": pl.Int64}, orient="row"
        )
        return FORBIDDEN in self._weights(frame)["score"]

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
