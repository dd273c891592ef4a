"""The connector kit: the promises of a connector as tests, for connectors of the hub and of others.

A connector's author writes a rig (how to steer the outside system in a test) and a class that names
the promises it is held to:

    class TestMine(ConnectorPromises, IncrementPromises, WritingPromises):
        @pytest.fixture
        def rig(self): ...

Only this package needs pytest; nothing else of the hub imports it.
"""

import pytest

for _module in ("reading", "leaving", "failing", "writing", "removing", "fields"):
    pytest.register_assert_rewrite(f"{__name__}.{_module}")

from hub.connectors.kit.failing import (  # noqa: E402 - after the rewriting is registered
    CredentialPromises,
    FailurePromises,
    QuotaPromises,
)
from hub.connectors.kit.fields import SchemaPromises, VolatilePromises  # noqa: E402
from hub.connectors.kit.leaving import (  # noqa: E402
    DeletionPromises,
    HidingPromises,
    MergePromises,
)
from hub.connectors.kit.reading import ConnectorPromises, IncrementPromises  # noqa: E402
from hub.connectors.kit.removing import RemovalPromises, RemovingRig  # noqa: E402
from hub.connectors.kit.rigs import (  # noqa: E402
    ChangingRig,
    DeletingRig,
    FailingRig,
    HidingRig,
    MergingRig,
    QuotaRig,
    Rig,
    SchemaRig,
    SigningRig,
    VolatileRig,
    WritingRig,
)
from hub.connectors.kit.writing import WritingPromises  # noqa: E402

__all__ = [
    "ChangingRig",
    "ConnectorPromises",
    "CredentialPromises",
    "DeletingRig",
    "DeletionPromises",
    "FailingRig",
    "FailurePromises",
    "HidingPromises",
    "HidingRig",
    "IncrementPromises",
    "MergePromises",
    "MergingRig",
    "QuotaPromises",
    "QuotaRig",
    "RemovalPromises",
    "RemovingRig",
    "Rig",
    "SchemaPromises",
    "SchemaRig",
    "SigningRig",
    "VolatilePromises",
    "VolatileRig",
    "WritingPromises",
    "WritingRig",
]
