"""Reports that come as attachments of e-mails, or have to be asked for over HTTP."""

from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from drops import HEADER, feed_of
from pydantic import ValidationError
from rigs import ids
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.connectors.contract import Batch, CallMeter, ObjectSpec
from hub.connectors.feed.asked import AskedDrop
from hub.connectors.feed.config import Asked, FeedReport
from hub.errors import CredentialsRefused, StopSync
from sandbox.server import ThreadedServer

LINES = ObjectSpec("pos_line", ("invoice_no", "sku", "quantity", "unit_price"))
REPORTS = ObjectSpec("report", ("status", "file", "lines_read"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


def rows(batches: list[Batch]) -> pl.DataFrame:
    return pl.concat([batch.rows for batch in batches])


# -- by e-mail


def mail(folder: Path, name: str, *attached: tuple[str, str]) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "reports@northwind.example", "Sell-out"
    message.set_content("Please find attached.")
    for file, text in attached:
        message.add_attachment(text.encode(), maintype="text", subtype="csv", filename=file)
    (folder / "in" / name).write_bytes(bytes(message))


def line(invoice: str, quantity: int = 2) -> str:
    return f"{invoice};2026-03-02;FW-200;{quantity};9.50;EUR;Acme GmbH\n"


def test_attachments_are_the_files_and_each_is_taken_once(folder: Path) -> None:
    mail(folder, "1.eml", ("POS March.csv", HEADER + line("N1")), ("logo.png", "x"))
    mail(folder, "2.eml", ("pos.csv", HEADER + line("N2")), ("pos.csv", HEADER + line("N3")))
    how = {"path": "in/*.eml", "attachment": "pos*.csv"}
    batches = list(feed_of(folder, **how).pull(LINES, None))
    assert rows(batches)["invoice_no"].to_list() == ["N1", "N2", "N3"]
    told = rows(list(feed_of(folder, **how).pull(REPORTS, None)))
    assert told["file"].to_list() == [
        "pos/1.eml#POS March.csv", "pos/2.eml#pos.csv", "pos/2.eml#2-pos.csv",
    ]  # fmt: skip
    assert list(feed_of(folder, **how).pull(LINES, batches[-1].cursor)) == []


def test_an_attachment_within_a_forwarded_message_is_found(folder: Path) -> None:
    mail(folder, "inner", ("pos.csv", HEADER + line("N1")))
    outer = EmailMessage()
    outer.set_content("see below")
    inner = EmailMessage()
    inner.set_content("x")
    inner.add_attachment((HEADER + line("N9")).encode(), maintype="text", subtype="csv",
                         filename="pos.csv")  # fmt: skip
    outer.add_attachment(inner)
    (folder / "in" / "outer.eml").write_bytes(bytes(outer))
    found = list(feed_of(folder, path="in/*.eml", attachment="*.csv").pull(LINES, None))
    assert rows(found)["invoice_no"].to_list() == ["N9"]


def test_the_original_attachment_is_archived_as_it_came(folder: Path) -> None:
    text = HEADER + line("N1")
    mail(folder, "1.eml", ("pos.csv", text))
    list(feed_of(folder, path="in/*.eml", attachment="*.csv").pull(LINES, None))
    [kept] = (folder / "archive" / "originals" / "northwind").iterdir()
    assert kept.read_bytes() == text.encode()


# -- over HTTP


class Service:
    """Sales of a distributor, three lines a page, for whoever shows the key."""

    def __init__(self) -> None:
        self.sales = [self.sale(n) for n in range(1, 8)]
        self.asked: list[dict[str, str]] = []

    @staticmethod
    def sale(number: int, quantity: int = 1) -> dict[str, Any]:
        return {"Invoice No": f"N{number}", "Invoice Date": "2026-03-02", "SKU": "FW-200",
                "Qty": quantity, "Unit Price": 9.5, "Currency": "EUR",
                "End Customer": "Acme GmbH"}  # fmt: skip

    async def answer(self, request: Request) -> JSONResponse:
        if request.headers.get("X-Api-Key") != "s3cret":
            return JSONResponse({"error": {"message": "who are you?"}}, 401)
        self.asked.append(dict(request.query_params))
        begin = int(request.query_params["offset"])
        size = int(request.query_params["limit"])
        page = self.sales[begin : begin + size]
        return JSONResponse({"data": {"lines": page}, "total": len(self.sales)})


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    app = Starlette(routes=[Route("/v1/sales", service.answer)])
    with ThreadedServer(app) as server:
        yield server.url


def asked(url: str, key: str = "s3cret", **more: Any) -> dict[str, Any]:
    return {
        "base_url": url,
        "auth": {"scheme": "api_key", "key": key},
        "paging": {"style": "offset", "size": 3, "total": "total"},
        "records": "data.lines",
        **more,
    }


def test_all_pages_are_one_report_and_each_is_one_call(
    folder: Path, service: Service, url: str
) -> None:
    connector = feed_of(folder, path="v1/sales", rest=asked(url))
    batches = list(connector.pull(LINES, None))
    assert rows(batches)["invoice_no"].to_list() == [f"N{n}" for n in range(1, 8)]
    assert rows(batches)["unit_price"].to_list() == ["9.5"] * 7
    list(connector.pull(REPORTS, None))
    assert (connector.calls.used, connector.calls.minimum, len(service.asked)) == (3, 3, 3)


def test_lines_that_are_told_as_before_are_no_new_report(
    folder: Path, service: Service, url: str
) -> None:
    how: dict[str, Any] = {"path": "v1/sales", "rest": asked(url)}
    [first] = feed_of(folder, **how).pull(REPORTS, None)
    assert first.rows["status"].to_list() == ["taken"]
    assert list(feed_of(folder, **how).pull(REPORTS, first.cursor)) == []
    service.sales[0] = service.sale(1, quantity=5)
    [second] = feed_of(folder, **how).pull(REPORTS, first.cursor)
    assert second.rows["status"].to_list() == ["taken"]
    assert ids([second]) != ids([first])


def test_a_refused_key_and_a_wrong_place_are_told_with_their_remedies(
    folder: Path, url: str
) -> None:
    with pytest.raises(CredentialsRefused) as refused:
        list(feed_of(folder, path="v1/sales", rest=asked(url, key="wrong")).pull(LINES, None))
    assert "wrong" not in str(refused.value)
    with pytest.raises(StopSync, match=r"told no list of lines at 'rows'") as lost:
        list(feed_of(folder, path="v1/sales", rest=asked(url, records="rows")).pull(LINES, None))
    assert "rest.records" in lost.value.remedy


@pytest.mark.parametrize(
    ("today", "month"), [(date(2026, 4, 1), "2026-03"), (date(2026, 1, 31), "2025-12")]
)
def test_the_last_whole_month_is_asked_for(
    service: Service, url: str, today: date, month: str
) -> None:
    config = Asked.model_validate(asked(url, params={"period": "{month}"}))
    drop = AskedDrop("northwind", "pos", "v1/sales", config, CallMeter(), today=today)
    [file] = drop.files()
    drop.open(file).close()
    assert file.name == f"pos/pos_{month}.jsonl"
    assert {call["period"] for call in service.asked} == {month}


def test_a_report_comes_one_way(url: str) -> None:
    with pytest.raises(ValidationError, match="not both"):
        FeedReport(path="x", profile="p", attachment="*.csv", rest=Asked(**asked(url)))
