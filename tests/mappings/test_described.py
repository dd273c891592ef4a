"""What would be lost between a described field and its column, and values that do not fit."""

from typing import Any

import pytest
from sqlalchemy import Engine

from hub.connectors.contract import FieldShape
from hub.mappings.schema import ObjectMapping
from hub.models.database import reading, writing
from hub.models.golden import company
from hub.sync.lint.described import described_faults
from hub.sync.lint.measured import measured_faults

BOTH = {"direction": "both"}
TIERS = ("Registered", "Silver", "Gold", "Platinum")
TIER_MAP = {t: t.lower() for t in TIERS}


def _mapping(source: str, rule: dict[str, Any]) -> ObjectMapping:
    return ObjectMapping.model_validate({"source": source, "fields": {"F": rule}})


@pytest.mark.parametrize(
    ("source", "rule", "shape", "rules"),
    [
        ("opportunity", {"column": "close_date"}, FieldShape("F", "datetime"), ["lossy_types"]),
        ("opportunity", {"column": "close_date"}, FieldShape("F", "date"), []),
        ("company", {"column": "employees"}, FieldShape("F", "number", scale=2), ["lossy_types"]),
        ("company", {"column": "employees"}, FieldShape("F", "number", scale=0), []),
        ("company", {"column": "partner_tier"}, FieldShape("F", "choices"), ["lossy_types"]),
        ("company", {"column": "partner_territories"}, FieldShape("F", "choices"), []),
        (
            "company",
            {"column": "phone", **BOTH},
            FieldShape("F", "choice", choices=("1", "2"), restricted=True),
            ["lossy_types"],
        ),
        (
            "company",
            {"column": "phone", **BOTH},
            FieldShape("F", "choice", choices=("1", "2")),
            [],
        ),
        (
            "company",
            {"column": "partner_territories", **BOTH},
            FieldShape("F", "choice", choices=("DE",)),
            ["lossy_types"],
        ),
        (
            "company",
            {"column": "partner_tier", "values": TIER_MAP},
            FieldShape("F", "choice", choices=TIERS, restricted=True),
            [],
        ),
        (
            "company",
            {"column": "partner_tier", "values": TIER_MAP},
            FieldShape("F", "choice", choices=(*TIERS, "Diamond"), restricted=True),
            ["unknown_choice"],
        ),
        (
            "company",
            {"column": "partner_tier", "values": TIER_MAP},
            FieldShape("F", "choice", choices=TIERS[:3], restricted=True),
            ["unknown_choice"],
        ),
        (
            "company",
            {"column": "partner_tier", "direction": "push"},
            FieldShape("F", "choice", choices=TIERS, restricted=True),
            ["lossy_types"],
        ),
    ],
)
def test_what_would_be_lost_is_named(
    source: str, rule: dict[str, Any], shape: FieldShape, rules: list[str]
) -> None:
    faults = list(described_faults("crm", "Firm", _mapping(source, rule), {"F": shape}))
    assert [fault.rule for fault in faults] == rules
    assert all(fault.key == "mappings.crm.Firm.fields.F" and fault.remedy for fault in faults)


def test_amounts_that_would_be_rounded_are_named() -> None:
    push = {"entity": "opportunity", "fields": {"F": "amount"}}
    mapping = ObjectMapping.model_validate({"source": "opportunity", "push": push})
    for scale, rules in ((0, ["lossy_types"]), (2, []), (None, [])):
        shapes = {"F": FieldShape("F", "number", scale=scale)}
        assert [f.rule for f in described_faults("crm", "Deal", mapping, shapes)] == rules


def test_values_that_do_not_fit_are_counted_with_the_longest(engine: Engine) -> None:
    streets = ("Weg 1", "Am Anger 12 im Hof", "Am langen Anger 12 im zweiten Hof", None)
    with writing(engine) as conn:
        conn.execute(
            company.insert(),
            [
                {"id": f"co_{n}", "name": "x", "street": street, "source_rows": 1, "run": 1}
                for n, street in enumerate(streets)
            ],
        )
    mapping = _mapping("company", {"column": "street", **BOTH})
    with reading(engine) as conn:
        found = [
            list(measured_faults(conn, "crm", "Firm", mapping, {"F": FieldShape("F", "text", n)}))
            for n in (33, 10)
        ]
    assert found[0] == []
    (fault,) = found[1]
    assert fault.key == "mappings.crm.Firm.fields.F"
    assert fault.message == (
        "2 of 3 values of company.street are longer than the 10 characters of F, such as "
        "'Am langen Anger 12 im zweiten Hof' (33, co_2)."
    )
