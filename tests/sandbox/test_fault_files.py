"""What a fault file may say, and how it is told what it may not."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import (
    FaultFile,
    Faults,
    FaultsError,
    Kind,
    Knowledge,
    Parameters,
    read_faults,
)


class Shout(Parameters, frozen=True):
    """A kind of the test's own."""

    word: str


KNOWLEDGE = Knowledge({"shout": Kind(Shout, lambda _given, _hit: None)}, ("rows", "files"))


def refusal(*rules: Any) -> str:
    with pytest.raises(FaultsError) as caught:
        Faults("desk", KNOWLEDGE, FaultFile("f.yaml", systems={"desk": list(rules)}))
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("reset", "f.yaml: desk[0]: is not a mapping; write at least `kind:`"),
        (
            {},
            ("f.yaml: desk[0]: kind: is missing; choose one of clock_skew, hang, other_status, "
            "reset, shout, slow, status, truncate"),
        ),
        ({"kind": "rest"}, "f.yaml: desk[0]: kind: 'rest' is unknown here; did you mean reset?"),
        ({"kind": "reset", "name": 3}, ("f.yaml: desk[0]: name: is not text; write a short name, "
         "or leave it out")),
        (
            {"kind": "status", "name": "busy"},
            "f.yaml: desk[0] (busy): status: is missing; add it to the rule",
        ),
        (
            {"kind": "status", "status": "abc"},
            ("f.yaml: desk[0]: status: 'abc' does not fit (Expected `int`, got `str`); "
            "correct the value"),
        ),
        (
            {"kind": "status", "status": 600},
            "f.yaml: desk[0]: status: 600 does not fit (Expected `int` <= 599); correct the value",
        ),
        (
            {"kind": "reset", "comit": True},
            "f.yaml: desk[0]: comit: unknown key; did you mean commit?",
        ),
        (
            {"kind": "reset", "match": ["GET"]},
            "f.yaml: desk[0]: match: is not a mapping; write {key: value}",
        ),
        (
            {"kind": "reset", "match": {"evry": 2}},
            "f.yaml: desk[0]: match: evry: unknown key; did you mean every?",
        ),
        (
            {"kind": "reset", "match": {"every": 0}},
            ("f.yaml: desk[0]: match: every: 0 does not fit (Expected `int` >= 1); "
            "correct the value"),
        ),
        (
            {"kind": "reset", "match": {"probability": 10}},
            ("f.yaml: desk[0]: match: probability: 10 does not fit (Expected `float` <= 1.0); "
            "correct the value"),
        ),
        (
            {"kind": "reset", "match": {"path": "("}},
            ("f.yaml: desk[0]: match: path: '(' is not a regular expression (missing ), "
            "unterminated subpattern at position 0); escape what is meant literally with a "
            "backslash"),
        ),
        (
            {"kind": "reset", "match": {"object": "row"}},
            "f.yaml: desk[0]: match: object: 'row' is unknown; did you mean rows?",
        ),
        ({"kind": "shout"}, "f.yaml: desk[0]: word: is missing; add it to the rule"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_rule_is_refused_by_file_rule_key_and_remedy(rule: Any, told: str) -> None:
    assert refusal(rule) == told


def test_names_are_not_used_twice() -> None:
    rule = {"name": "busy", "kind": "reset"}
    assert refusal(rule, rule) == (
        "f.yaml: desk[1]: name: 'busy' is taken; give each rule another name"
    )


def test_a_system_that_tells_no_objects_says_so() -> None:
    file = FaultFile("f", systems={"x": [{"kind": "reset", "match": {"object": "rows"}}]})
    with pytest.raises(FaultsError, match=r"does not tell which object .*; match by path"):
        Faults("x", Knowledge(), file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "systems: is missing; write `systems:` with a list of rules for each system"),
        ("systems: 3", "systems: is missing; write `systems:` with a list of rules for each"),
        ("systems: {}\nseeds: 1", "seeds: unknown key; write only seed and systems here"),
        ("systems: {a: {}}", "systems: a: is not a list; write each rule as `- `"),
        ("systems: {}\nseed: x", "seed: is not a whole number; write one, or leave it out"),
        ("systems: [", "is not YAML ("),
        ("systems: {desk: [], dusk: []}", "systems: dusk: no such system; did you mean desk?"),
    ],
    ids=repr,
)
def test_a_bad_file_is_refused_by_name_key_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with pytest.raises(FaultsError) as caught:
        read_faults(file).require_known(["desk"])
    assert str(caught.value).startswith(f"{file}: {told}")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match=r"cannot be read .*; give another file"):
        read_faults(tmp_path / "nowhere.yaml")


def test_a_file_is_read_as_written(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(
        "seed: 3\nsystems:\n  desk:\n    - {name: busy, match: {every: 10}, kind: reset}\n"
    )
    rules = [{"name": "busy", "match": {"every": 10}, "kind": "reset"}]
    assert read_faults(file) == FaultFile(str(file), 3, {"desk": rules})
