"""Every switch of the org is turned by a test: its default is tested by all that leave it alone."""

import re
from dataclasses import fields
from pathlib import Path

from sandbox.salesforce import Switches


def test_every_salesforce_switch_is_tested_in_another_position() -> None:
    files = Path(__file__).parent.glob("test_salesforce*.py")
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    untouched = [
        switch.name for switch in fields(Switches) if not re.search(rf"\b{switch.name}\b", text)
    ]
    assert untouched == []
