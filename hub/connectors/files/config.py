"""What `hub.yaml` says of a partner who gets its leads as a file and answers in files."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from hub.config import Strict, SystemBase
from hub.connectors.files.sheet import SUFFIXES
from hub.connectors.filesystem import Options, without_password


class LeadFile(Strict):
    """The file that the hub writes: where, and how it is spelt."""

    path: str
    options: Options = Field(default_factory=dict)
    delimiter: str = Field(default=",", min_length=1, max_length=1)

    _no_password = field_validator("path")(without_password)

    @model_validator(mode="after")
    def _a_kind_of_file(self) -> Self:
        if not self.path.lower().endswith(SUFFIXES):
            raise ValueError(f"`path` must end in one of: {', '.join(SUFFIXES)}")
        return self


class AnswerColumns(Strict):
    """The headers in the partner's files, case aside."""

    lead: str = "Lead"
    status: str = "Status"
    reason: str = "Reason"
    note: str = "Note"


class AnswerFiles(Strict):
    """The files that the partner writes: what it made of which lead."""

    path: str
    options: Options = Field(default_factory=dict)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    columns: AnswerColumns = AnswerColumns()

    _no_password = field_validator("path")(without_password)


class FilesSystem(SystemBase):
    kind: Literal["files"]
    leads: LeadFile
    answers: AnswerFiles | None = None
