"""The word lists that matching looks things up in, read from the YAML beside this file."""

from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def _file() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("words.yaml").read_text("utf-8")
    whole: dict[str, Any] = yaml.safe_load(text)
    return whole


def word_list(name: str) -> frozenset[str]:
    """The words as written."""
    return frozenset(_file()[name].split())


def phrases(name: str) -> frozenset[str]:
    """The entries of a list that commas divide."""
    return frozenset(phrase.strip() for phrase in _file()[name].split(","))


@cache
def glosses() -> dict[str, str]:
    """Words in other scripts → how those who bear them put it in English."""
    table: dict[str, str] = _file()["glosses"]
    return {own: english for english, owns in table.items() for own in owns.split()}


def abbreviations() -> dict[str, str]:
    """Short or varied word → the word it is kept as."""
    table: dict[str, str] = _file()["abbreviations"]
    return {short: full for full, shorts in table.items() for short in shorts.split()}
