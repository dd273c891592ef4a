"""How pairs of profiles agree, in one call of the step: looked for, weighed, kept, explained."""

import polars as pl

from hub.identity.batch import Batch
from hub.identity.blocks import (
    add_everybody,
    candidates,
    ends,
    inside,
    measured,
    replace_profiles,
    strangers,
    with_sizes,
)
from hub.identity.compare import Patterns, evidence, patterns, weigh
from hub.identity.graph import FORBIDDEN
from hub.identity.intake import Intake
from hub.identity.mentions import Entity
from hub.identity.model import NATS, Model
from hub.identity.store import Store


class Scoring:
    """What profiles were measured is kept for the whole call."""

    def __init__(self, store: Store, entity: Entity, model: Model) -> None:
        self.store, self.entity, self.model = store, entity, model
        self._sized: pl.DataFrame | None = None
        """The profiles that were measured; nothing changes their sizes any more in this call."""

    def score_all(self, intake: Intake) -> int:
        """Keys, sizes and pairs of all profiles there are; returns how many pairs were scored."""
        add_everybody(self.store, intake.born)
        batch = Batch(intake.born, self.entity)
        self._sized, pairs = batch.sized(self.model), batch.candidates(self.model)
        del batch
        self._save_scores(pairs)
        return pairs.height

    def score_again(self, intake: Intake) -> tuple[pl.Series, int]:
        """Replace the pairs of all profiles whose scores may differ now.

        Returns every profile whose component may differ, and how many pairs were scored.
        """
        passed = replace_profiles(self.store, intake.born, intake.dead, self.model)
        columns = pl.concat([intake.born, passed.resized])
        again = columns["profile"]
        stale = pl.concat([again, intake.dead])
        before = self.store.linked(stale).select("left", "right")
        self.store.drop_pairs(stale)
        parted = strangers(self.store, passed.closed, self.model).select("left", "right")
        self.store.drop_those(parted)
        met = self._met(passed.opened, again)
        pairs = pl.concat([candidates(self.store, columns, self.model), met])
        hopeful, told = self._hopeful(pairs)
        self._sized = with_sizes(self.store, told, self.model)
        self._save_scores(hopeful)
        touched = [ends(both) for both in (before, parted, met)]
        alive = pl.concat([again, intake.stirred, *touched]).unique()
        return alive.filter(~alive.is_in(intake.dead.implode())), pairs.height

    def _met(self, opened: pl.Series, again: pl.Series) -> pl.DataFrame:
        """(left, right) who share a block that brings candidates again, beside those that are
        scored again anyway, or are known already by another block."""
        pairs = inside(self.store, opened)
        others = [~pl.col(end).is_in(again.implode()) for end in ("left", "right")]
        known = self.store.kept_among(ends(pairs))
        return pairs.filter(others).join(known, on=["left", "right"], how="anti")

    def _hopeful(self, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The pairs that may be worth keeping, and the columns of their ends. Most are not,
        whoever shares their values, and who does is what takes longest to read."""
        columns = self.store.load_profiles(ends(pairs))
        unknown = [pl.lit(None, pl.Int64).alias(f"{kind}_size") for kind in self.model.rarity]
        told = patterns(pairs, columns.with_columns(unknown), self.entity, self.model)
        most = weigh(told.table, self.model.hopeful)["score"].gather(told.of)
        hopeful = pairs.filter(most > self.model.keep_above)
        return hopeful, columns.filter(pl.col("profile").is_in(ends(hopeful).implode()))

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
        asked = ends(pairs)
        if self._sized is not None:
            asked = asked.filter(~asked.is_in(self._sized["profile"].implode()))
        if self._sized is None or asked.len():
            more = measured(self.store, asked, self.model)
            self._sized = more if self._sized is None else pl.concat([self._sized, more])
        told = patterns(pairs, self._sized, self.entity, self.model)
        scored = weigh(told.table, self.model)
        return Patterns(told.of, scored.with_columns(evidence=evidence(scored, self.model)))

    def weights(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """(left, right, score) of profiles, FORBIDDEN where the model has a veto."""
        if pairs.is_empty():
            return pairs.select("left", "right", score=pl.lit(0, pl.Int64))
        told = self._patterns(pairs)
        weight = pl.when(pl.col("veto").is_null()).then("score").otherwise(FORBIDDEN)
        scores = told.table.select(weight).to_series()
        return pairs.select("left", "right", score=scores.gather(told.of))

    def explain(self, pairs: pl.DataFrame) -> dict[tuple[int, int], tuple[int, str | None, str]]:
        """(left, right) → score, veto and evidence."""
        if pairs.is_empty():
            return {}
        told = self._patterns(pairs)
        said = told.table.select("score", "veto", "evidence")[told.of]
        return dict(zip(pairs.select("left", "right").rows(), said.rows(), strict=True))
