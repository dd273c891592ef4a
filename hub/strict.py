"""The base of everything that is read from a configuration file."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must not become a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
