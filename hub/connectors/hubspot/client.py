"""The one module that knows hubspot-api-client: the hub's questions, the library's calls.

The vendor's next path family will need another library; only this module and `wire` change then.
Answers are decoded here from raw bytes: the library's models are slow, and drop what they do not
know.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import urllib3
from hubspot import HubSpot

from hub.connectors.contract import CallMeter
from hub.connectors.http import Patience
from hub.connectors.hubspot.config import HubSpotSystem
from hub.connectors.hubspot.faults import Fault, NotThere
from hub.connectors.hubspot.wire import Wire
from hub.errors import SystemUnreachable

_NOTHING_THERE = "OBJECT_NOT_FOUND"

_Answer = TypeVar("_Answer")
Json = Mapping[str, Any]


class After(msgspec.Struct, frozen=True):
    after: str


class Paging(msgspec.Struct, frozen=True):
    next: After | None = None


class Property(msgspec.Struct, frozen=True):
    """A property as defined in the portal."""

    class Metadata(msgspec.Struct, frozen=True):
        readOnlyValue: bool = False  # noqa: N815 - the wire's name

    class Option(msgspec.Struct, frozen=True):
        value: str

    name: str
    type: str
    fieldType: str = ""  # noqa: N815
    calculated: bool = False
    options: tuple[Option, ...] = ()
    externalOptions: bool = False  # noqa: N815
    referencedObjectType: str | None = None  # noqa: N815
    hasUniqueValue: bool = False  # noqa: N815
    modificationMetadata: Metadata = Metadata()  # noqa: N815

    @property
    def read_only(self) -> bool:
        return self.modificationMetadata.readOnlyValue


class Found(msgspec.Struct, frozen=True):
    """A page of records, of which only what paging needs is looked at here."""

    class Head(msgspec.Struct, frozen=True, gc=False):
        id: str
        updatedAt: str  # noqa: N815 - the wire's name

    results: list[Head]
    paging: Paging | None = None
    total: int = 0
    errors: list[Fault] = []

    @property
    def further(self) -> str | None:
        """Where the next page begins; None after the last."""
        return self.paging.next.after if self.paging is not None and self.paging.next else None

    @property
    def missing(self) -> set[str]:
        """The ids that were asked for and are not there."""
        return {record_id for fault in self.errors for record_id in fault.ids}


class LinkType(msgspec.Struct, frozen=True):
    category: str
    typeId: int  # noqa: N815 - the wire's name
    label: str | None = None


class Link(msgspec.Struct):
    toObjectId: int | str  # noqa: N815 - the wire's name
    associationTypes: list[LinkType]  # noqa: N815


class Links(msgspec.Struct):
    """The records one record is associated with, or a page of them."""

    class Origin(msgspec.Struct):
        id: str

    origin: Origin = msgspec.field(name="from")
    to: list[Link]
    paging: Paging | None = None


class Written(msgspec.Struct):
    """A record in the answer to a batch."""

    id: str
    properties: dict[str, str | None] = {}
    objectWriteTraceId: str | None = None  # noqa: N815 - the wire's name


class BatchAnswer(msgspec.Struct):
    results: list[Written]
    errors: list[Fault] = []


class _Properties(msgspec.Struct):
    results: list[Property]


class _LinkTypes(msgspec.Struct):
    results: list[LinkType]


class LinkPage(msgspec.Struct):
    results: list[Links]
    errors: list[Fault] = []

    @property
    def without_any(self) -> set[str]:
        """The records that are told to have no association at all."""
        return {record_id for fault in self.errors for record_id in fault.ids}


class Portal:
    """One HubSpot account. API objects are kept: each new one would open connections of its own."""

    def __init__(
        self, system: str, config: HubSpotSystem, calls: CallMeter, patience: Patience
    ) -> None:
        self.system, self.calls, self.patience = system, calls, patience
        self._wire = Wire(system, config, calls, patience)
        self._apis: dict[tuple[str, str], Any] = {}
        self._client = HubSpot(host=config.base_url.rstrip("/"), api_factory=self._api)

    def close(self) -> None:
        self._wire.close()

    @property
    def library(self) -> HubSpot:
        """The library's client on our wire: its calls are paced, counted, retried and judged."""
        return self._client

    def sign_in_calls(self, *, anew: bool) -> int:
        """The calls that a token takes: of a new session, or of this one."""
        return self._wire.sign_in_calls(anew=anew)

    def server_time(self) -> datetime | None:
        """The portal's clock, as far as it has told it; None before its first answer."""
        return self._wire.server_time()

    # -- reading

    def list_page(
        self, obj: str, properties: Sequence[str], after: str | None, *, archived: bool = False
    ) -> urllib3.BaseHTTPResponse:
        options: dict[str, Any] = {"limit": 100, "properties": list(properties)}
        if after is not None:
            options["after"] = after
        if archived:
            options["archived"] = True
        return self._raw(self._client.crm.objects.basic_api.get_page, obj, **options)

    def search_page(self, obj: str, body: Json) -> urllib3.BaseHTTPResponse:
        return self._raw(self._client.crm.objects.search_api.do_search, obj, body)

    def properties(self, obj: str) -> list[Property]:
        response = self._raw(self._client.crm.properties.core_api.get_all, obj)
        return self.decoded(response, _Properties).results

    def link_types(self, obj: str, to: str) -> list[LinkType]:
        api = self._client.crm.associations.v4.schema.definitions_api
        return self.decoded(self._raw(api.get_all, obj, to), _LinkTypes).results

    def links(self, obj: str, to: str, inputs: Sequence[Json]) -> LinkPage:
        """Associations of the inputs. Raises SystemUnreachable when some could not be read."""
        api = self._client.crm.associations.v4.batch_api
        response = self._raw(api.get_page, obj, to, {"inputs": list(inputs)})
        page = self.decoded(response, LinkPage)
        self._only_missing(page.errors, f"associations of {obj} with {to}")
        return page

    def read_records(
        self, obj: str, ids: Sequence[str], properties: Sequence[str], *, archived: bool = False
    ) -> tuple[Found, bytes]:
        """Records by id, at most 100, alive or else archived; a merged one comes as its survivor.

        Raises SystemUnreachable when some could not be read for another reason than being gone.
        """
        response = self._read(obj, {"properties": list(properties)}, ids, archived=archived)
        found = self.decoded(response, Found)
        self._only_missing(found.errors, f"{obj} by id")
        return found, response.data

    def read_record(
        self, obj: str, record_id: str, properties: Sequence[str], *, archived: bool = False
    ) -> bytes | None:
        """One record as told, alive or else archived, or what it was merged into; None if gone."""
        options: dict[str, Any] = {"properties": list(properties)}
        if archived:
            options["archived"] = True
        call = self._client.crm.objects.basic_api.get_by_id
        try:
            return self._raw(call, obj, record_id, **options).data
        except NotThere:
            return None

    def read_by_key(
        self, obj: str, key: str, values: Sequence[str], properties: Sequence[str] = ()
    ) -> tuple[list[Written], bytes]:
        """The records that hold one of these values of a unique property, decoded and as told."""
        body = {"idProperty": key, "properties": [key, *properties]}
        response = self._read(obj, body, values)
        return self.decoded(response, BatchAnswer).results, response.data

    def _read(
        self, obj: str, body: Json, ids: Sequence[str], *, archived: bool = False
    ) -> urllib3.BaseHTTPResponse:
        inputs = [{"id": value} for value in ids]
        whole = {"propertiesWithHistory": [], **body, "inputs": inputs}
        options = {"archived": True} if archived else {}
        return self._raw(self._client.crm.objects.batch_api.read, obj, whole, **options)

    def _only_missing(self, faults: Sequence[Fault], what: str) -> None:
        for fault in faults:
            if fault.category != _NOTHING_THERE:
                raise SystemUnreachable(
                    f"{self.system}: {what} are incomplete ({fault.said}).",
                    remedy="wait; the next run reads them again",
                )

    # -- writing

    def batch_update(self, obj: str, inputs: Sequence[Json]) -> BatchAnswer:
        return self._batch(self._client.crm.objects.batch_api.update, obj, inputs)

    def batch_upsert(self, obj: str, inputs: Sequence[Json]) -> BatchAnswer:
        return self._batch(self._client.crm.objects.batch_api.upsert, obj, inputs)

    def batch_create(self, obj: str, inputs: Sequence[Json]) -> BatchAnswer:
        """Not repeated when its answer is lost: raises SystemUnreachable at once."""
        return self._batch(self._client.crm.objects.batch_api.create, obj, inputs)

    def batch_archive(self, obj: str, record_ids: Sequence[str]) -> None:
        """Into the recycle bin, at most 100; HubSpot says nothing of ids that are not there."""
        inputs = [{"id": record_id} for record_id in record_ids]
        self._raw(self._client.crm.objects.batch_api.archive, obj, {"inputs": inputs})

    def purge_contact(self, record_id: str) -> None:
        """Delete a contact for good; its addresses are not let in again. Raises NotThere."""
        self._raw(self._client.crm.contacts.basic_api.purge, {"objectId": record_id})

    # -- below

    def decoded(self, response: urllib3.BaseHTTPResponse, shape: type[_Answer]) -> _Answer:
        try:
            return msgspec.json.decode(response.data, type=shape)
        except msgspec.MsgspecError as err:
            raise SystemUnreachable(
                f"{self.system}: an answer of status {response.status} that is not what the API "
                f"promises ({err}).",
                remedy="if a proxy answers in HubSpot's place, let requests pass; otherwise wait",
            ) from err

    def _batch(self, call: Any, obj: str, inputs: Sequence[Json]) -> BatchAnswer:
        return self.decoded(self._raw(call, obj, {"inputs": list(inputs)}), BatchAnswer)

    @staticmethod
    def _raw(call: Any, *arguments: Any, **options: Any) -> urllib3.BaseHTTPResponse:
        response: urllib3.BaseHTTPResponse = call(*arguments, **options, _preload_content=False)
        return response

    def _api(self, package: Any, name: str, config: Json) -> Any:
        """The library's hook for building an API object: built once, on our wire."""
        known = (package.__name__, name)
        if known not in self._apis:
            configuration = package.Configuration()
            configuration.host = config["host"]
            client = package.ApiClient(configuration=configuration)
            client.rest_client = self._wire
            self._apis[known] = getattr(package, name)(api_client=client)
        return self._apis[known]
