"""A key that stands twice in a file that people write is an error by file, key and line."""

from pathlib import Path

import pytest

from hub.config import load_config
from hub.connectors.feed.profile import load_profile
from hub.errors import ConfigError
from hub.policy.settings import load_policy
from hub.yamlfile import read_yaml

HUB = """\
warehouse: sqlite:///hub.db
systems:
  acme:
    kind: hubspot
    role: vendor
    auth: {access_token: t}
mappings:
  acme:
    companies:
      source: company
      pull: {name: name}
      pull: {name: name, city: city}
"""


def refused(file: Path, text: str) -> ConfigError:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        read_yaml(file)
    return told.value


def test_a_repeated_key_is_named_with_its_file_its_path_and_both_lines(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text(HUB, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load_config(file)
    said = str(told.value)
    assert str(file) in said
    assert "mappings.acme.companies.pull" in said
    assert "line 12" in said
    assert "line 11" in said
    assert told.value.remedy


def test_a_policy_and_a_profile_are_held_to_it_too(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(
        HUB.replace("      pull: {name: name}\n", "") + "policy: policy.yaml\n", encoding="utf-8"
    )
    (tmp_path / "policy.yaml").write_text("version: a\nversion: b\n", encoding="utf-8")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "p.yaml").write_text("kind: pos\nkind: pos\n", encoding="utf-8")
    settings = load_config(tmp_path / "hub.yaml")
    with pytest.raises(ConfigError, match="line 2"):
        load_policy(settings)
    with pytest.raises(ConfigError, match="line 2"):
        load_profile("p", settings)


def test_keys_in_lists_and_below_anchors_are_looked_at(tmp_path: Path) -> None:
    found = refused(tmp_path / "a.yaml", "rules:\n  - {name: a}\n  - name: b\n    name: c\n")
    assert "rules.1.name" in str(found)


def test_the_same_key_in_two_places_and_a_merged_default_are_no_repetition(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "base: &base {a: 1, b: 2}\none: {<<: *base, a: 3}\ntwo: {a: 4}\n'1': x\n1: y\n",
        encoding="utf-8",
    )
    read = read_yaml(file)
    assert read["one"] == {"a": 3, "b": 2}
    assert read["two"] == {"a": 4}
    assert (read["1"], read[1]) == ("x", "y")  # type: ignore[index]
