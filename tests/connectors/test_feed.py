"""Promises of distributor feeds: each file once, no line lost, whole-file faults by name."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from rigs import ids, until_broken

from hub.config import ObjectMapping, Settings, stock_mapping
from hub.connectors.contract import Batch, Change, ObjectSpec
from hub.connectors.feed import FeedConnector
from hub.connectors.feed.config import FeedReport, FeedSystem
from hub.errors import ConfigError, FeedUnreadable, SchemaChanged, StopSync

HEADER = (
    "Report Date;Branch;Reseller Account;Reseller Name;Reseller City;Reseller Zip;"
    "Reseller Country;End Customer;End Customer City;End Customer Zip;End Customer Country;"
    "SKU;Description;Qty;Unit Price;Currency;Invoice No;Invoice Line;Invoice Date;Serial No"
)
LINE = (
    "2026-05-08;Hamburg;R-100;Bright Systems;Kiel;24103;DE;Acme GmbH;Bonn;53111;DE;"
    "FW-10;Firewall 10;3;249.90;EUR;INV-1;1;2026-05-06;SN1"
)
POS = ObjectSpec(
    "pos_line",
    (
        "report_date",
        "reseller_account",
        "reseller_record_id",
        "end_customer_record_id",
        "product_name",
        "quantity",
        "unit_price",
        "invoice_no",
        "invoice_line",
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


def feed(folder: Path, path: str = "in/pos_*.csv", profile: str = "northwind_pos") -> FeedConnector:
    report = FeedReport(path=path, profile=profile)
    config = FeedSystem(kind="feed", role="distributor", reports={"pos": report})
    return FeedConnector("northwind", config, Settings(systems={}, file=folder / "hub.yaml"))


def drop(folder: Path, week: int, lines: Sequence[str], header: str = HEADER) -> Path:
    file = folder / "in" / f"pos_2026-W{week:02}.csv"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return file


def column(batches: Sequence[Batch], name: str) -> list[str | None]:
    return [value for batch in batches for value in batch.rows[name]]


# -- which files


def test_each_file_is_one_batch_as_they_were_written_and_of_one_moment_by_name(
    folder: Path,
) -> None:
    late = drop(folder, 19, [LINE.replace("INV-1", "INV-2")])
    early = drop(folder, 18, [LINE])
    for file in (late, early):
        os.utime(file, (1_000, 1_000))
    batches = list(feed(folder).pull(POS, None))
    assert [batch.origin for batch in batches] == [str(early), str(late)]
    os.utime(early, (2_000, 2_000))
    turned = list(feed(folder).pull(POS, None))
    assert [batch.origin for batch in turned] == [str(late), str(early)]
    assert ids(batches) == ["INV-1/1", "INV-2/1"]
    assert {str(kind) for kind in batches[0].rows.dtypes} == {"String"}


def test_a_file_taken_is_not_taken_again(folder: Path) -> None:
    drop(folder, 18, [LINE])
    [batch] = feed(folder).pull(POS, None)
    assert list(feed(folder).pull(POS, batch.cursor)) == []


def test_a_pull_broken_after_any_file_goes_on_with_the_next(folder: Path) -> None:
    for week in range(10, 15):
        drop(folder, week, [LINE.replace("INV-1", f"INV-{week}")])
    all_ids = [f"INV-{week}/1" for week in range(10, 15)]
    batches = list(feed(folder).pull(POS, None))
    for taken in range(1, 5):
        rest = feed(folder).pull(POS, batches[taken - 1].cursor)
        assert ids(batches[:taken]) + ids(rest) == all_ids


def test_the_same_bytes_under_another_name_are_skipped(folder: Path) -> None:
    file = drop(folder, 18, [LINE])
    [batch] = feed(folder).pull(POS, None)
    (folder / "in" / "pos_again.csv").write_bytes(file.read_bytes())
    [noted] = feed(folder).pull(POS, batch.cursor)
    assert noted.rows.is_empty()
    assert list(feed(folder).pull(POS, noted.cursor)) == []


def test_a_file_whose_bytes_changed_is_read_again_in_full(folder: Path) -> None:
    drop(folder, 18, [LINE, LINE.replace("INV-1", "INV-2")])
    [first] = feed(folder).pull(POS, None)
    drop(folder, 18, [LINE.replace(";3;", ";4;"), LINE.replace("INV-1", "INV-2")])
    [second] = feed(folder).pull(POS, first.cursor)
    assert ids([second]) == ["INV-1/1", "INV-2/1"]
    assert column([second], "quantity") == ["4", "3"]


def test_the_folder_may_move_with_its_files(folder: Path, tmp_path: Path) -> None:
    drop(folder, 18, [LINE])
    [batch] = feed(folder).pull(POS, None)
    (folder / "in").rename(tmp_path / "moved")
    assert list(feed(folder, path="moved/pos_*.csv").pull(POS, batch.cursor)) == []


def test_an_fsspec_address_is_a_path_too(folder: Path) -> None:
    drop(folder, 18, [LINE])
    assert ids(feed(folder, path=f"file://{folder}/in/pos_*.csv").pull(POS, None)) == ["INV-1/1"]
    assert ids(feed(folder, path="in/pos_2026-W18.csv").pull(POS, None)) == ["INV-1/1"]


def test_each_file_is_opened_once_for_all_its_objects(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = drop(folder, 18, [LINE])
    connector = feed(folder)
    assert ids(connector.pull(POS, None)) == ["INV-1/1"]
    stamp = file.stat()
    file.write_bytes(b"x" * stamp.st_size)
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert ids(connector.pull(ObjectSpec("reseller", ("name",)), None)) == ["R-100"]


# -- what a line says


def test_a_pos_line_speaks_of_a_reseller_and_an_end_customer(folder: Path) -> None:
    drop(folder, 18, [LINE, LINE.replace("INV-1;1", "INV-1;2")])
    connector = feed(folder)
    [lines] = connector.pull(POS, None)
    [resellers] = connector.pull(ObjectSpec("reseller", ("account_no", "name", "city")), None)
    [customers] = connector.pull(
        ObjectSpec("end_customer", ("name", "city", "postal_code", "country")), None
    )
    assert lines.rows.row(0, named=True) == {
        "record_id": "INV-1/1",
        "modified_at": "2026-05-08T00:00:00.000Z",
        "is_deleted": "false",
        "merged_into": None,
        "report_date": "2026-05-08",
        "reseller_account": "R-100",
        "reseller_record_id": "R-100",
        "end_customer_record_id": "f563768aae6328e1",
        "product_name": "Firewall 10",
        "quantity": "3",
        "unit_price": "249.9",
        "invoice_no": "INV-1",
        "invoice_line": "1",
    }
    assert resellers.rows.select("record_id", "account_no", "name", "city").rows() == [
        ("R-100", "R-100", "Bright Systems", "Kiel")
    ]
    assert customers.rows.drop("modified_at", "is_deleted", "merged_into").rows() == [
        ("f563768aae6328e1", "Acme GmbH", "Bonn", "53111", "DE")
    ]


def test_the_last_mention_of_a_reseller_in_a_file_counts(folder: Path) -> None:
    drop(folder, 18, [LINE, LINE.replace("Bright Systems", "Bright Systems AG")])
    [batch] = feed(folder).pull(ObjectSpec("reseller", ("name",)), None)
    assert batch.rows["name"].to_list() == ["Bright Systems AG"]


def test_a_line_without_companies_names_none(folder: Path) -> None:
    bare = LINE.replace("R-100;", " ;").replace("Acme GmbH", "")
    drop(folder, 18, [bare])
    connector = feed(folder)
    [lines] = connector.pull(POS, None)
    assert lines.rows.select("reseller_record_id", "end_customer_record_id").row(0) == (None, None)
    for obj in ("reseller", "end_customer"):
        [batch] = connector.pull(ObjectSpec(obj, ("name",)), None)
        assert batch.rows.is_empty()


def test_spelling_is_repaired_and_nonsense_passed_on_as_told(folder: Path) -> None:
    profiles = folder / "profiles"
    profiles.mkdir()
    (profiles / "comma.yaml").write_text(
        "kind: pos\nencoding: cp1252\ndelimiter: '|'\ndecimal_mark: ','\n"
        "date_formats: ['%d.%m.%Y', '%Y%m%d']\nkey: [invoice_no]\n"
        "columns: {report_date: Datum, reseller_name: Händler, quantity: Menge,"
        " unit_price: Preis, invoice_no: Beleg}\n",
        encoding="utf-8",
    )
    (folder / "in" / "pos.csv").write_bytes(
        "Datum|HÄNDLER |Menge|Preis|Beleg\n"
        " 08.05.2026 |  Müller & Söhne |3,0|1249,90|B1\n"
        "20260509|x|drei|1.249,90|B2\n"
        "31.02.2026||||B3\n".encode("cp1252")
    )
    fields = ("report_date", "reseller_name", "quantity", "unit_price")
    [batch] = feed(folder, "in/pos.csv", "comma").pull(ObjectSpec("pos_line", fields), None)
    assert ids([batch]) == ["B1", "B2", "B3"]
    assert batch.rows.select(fields).rows() == [
        ("2026-05-08", "Müller & Söhne", "3", "1249.9"),
        ("2026-05-09", "x", "drei", "1249.9"),
        ("31.02.2026", None, None, None),
    ]
    assert set(batch.rows["modified_at"]) == {"2026-05-09T00:00:00.000Z"}


# -- lines that are not as they should be


def test_no_line_is_lost_whatever_its_shape(folder: Path) -> None:
    drop(
        folder,
        18,
        [
            LINE,
            "2026-05-08;Hamburg;R-7",
            LINE.replace("Firewall 10", "Fire;wall"),
            LINE.replace("Firewall 10", '10" rack').replace("INV-1;1", "INV-1;4"),
            LINE.replace("Firewall 10", '"Fire\nwall; ""10"""').replace("INV-1;1", "INV-1;5"),
            "",
            LINE.replace("Firewall 10", '"never closed').replace("INV-1;1", "INV-1;8"),
            LINE.replace("INV-1;1", "INV-1;9"),
            ";" * 19,
        ],
    )
    [batch] = feed(folder).pull(POS, None)
    told = batch.rows.select("record_id", "reseller_account", "product_name").rows()
    assert told[:5] == [
        ("INV-1/1", "R-100", "Firewall 10"),
        ("pos/pos_2026-W18.csv#3", "R-7", None),
        ("pos/pos_2026-W18.csv#4", None, None),
        ("INV-1/4", "R-100", '10" rack'),
        ("INV-1/5", "R-100", 'Fire\nwall; "10"'),
    ]
    assert told[5][0] == "pos/pos_2026-W18.csv#9"
    assert told[6:] == [("INV-1/9", "R-100", "Firewall 10")]


def test_the_careful_and_the_fast_reader_agree(folder: Path) -> None:
    lines = [LINE.replace("INV-1;1", f"INV-1;{n}") for n in range(1, 50)]
    drop(folder, 18, lines)
    [fast] = feed(folder).pull(POS, None)
    drop(folder, 18, [*lines[:20], "", *lines[20:]])
    [careful] = feed(folder).pull(POS, None)
    assert fast.rows.equals(careful.rows)


def test_byte_order_mark_and_windows_line_ends_are_no_matter(folder: Path) -> None:
    (folder / "in" / "pos_1.csv").write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{LINE}\r\n".encode())
    [batch] = feed(folder).pull(POS, None)
    assert ids([batch]) == ["INV-1/1"]


def test_a_file_with_a_header_only_has_no_rows(folder: Path) -> None:
    drop(folder, 18, [])
    [batch] = feed(folder).pull(POS, None)
    assert batch.rows.is_empty()
    assert batch.rows.columns == [
        "record_id",
        "modified_at",
        "is_deleted",
        "merged_into",
        *POS.fields,
    ]


# -- files that are not as they should be


def test_a_missing_header_is_named_and_the_other_files_are_read(folder: Path) -> None:
    drop(folder, 17, [LINE], header=HEADER.replace("Invoice No", "Doc No"))
    drop(folder, 18, [LINE])
    read, error = until_broken(feed(folder).pull(POS, None))
    assert ids(read) == ["INV-1/1"]
    assert isinstance(error, FeedUnreadable)
    assert "pos_2026-W17.csv" in error.message
    assert "'Invoice No'" in error.message
    assert "profile" in error.remedy
    again, error = until_broken(feed(folder).pull(POS, read[-1].cursor))
    assert again == []
    assert isinstance(error, FeedUnreadable)


def test_every_unreadable_file_is_named(folder: Path) -> None:
    (folder / "in" / "pos_1.csv").write_bytes(b"")
    (folder / "in" / "pos_2.csv").write_bytes(HEADER.encode() + b"\n\xff\xfe\n")
    _, error = until_broken(feed(folder).pull(POS, None))
    assert isinstance(error, FeedUnreadable)
    assert "pos_1.csv" in error.message
    assert "pos_2.csv: byte" in error.message


def test_a_profile_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match="nobody_pos") as caught:
        list(feed(folder, profile="nobody_pos").pull(POS, None))
    assert "profiles/nobody_pos.yaml" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("kind: pos\ncolumns: {colour: Farbe}\n", "colour"),
        ("kind: pos\ncolumns: {sku: SKU}\n", "invoice_no"),
        ("kind: pos\nencoding: klingon\nkey: [sku]\ncolumns: {sku: SKU}\n", "klingon"),
    ],
)
def test_a_wrong_profile_names_the_fault(folder: Path, text: str, named: str) -> None:
    (folder / "profiles").mkdir()
    (folder / "profiles" / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=named):
        list(feed(folder, profile="own").pull(POS, None))


def test_unknown_objects_fields_and_cursors_are_refused(folder: Path) -> None:
    with pytest.raises(SchemaChanged, match="invoice") as caught:
        list(feed(folder).pull(ObjectSpec("invoice", ()), None))
    assert "pos_line" in caught.value.remedy
    with pytest.raises(SchemaChanged, match="colour"):
        list(feed(folder).pull(ObjectSpec("pos_line", ("colour",)), None))
    with pytest.raises(StopSync) as unread:
        list(feed(folder).pull(POS, "nonsense"))
    assert unread.value.remedy == "run `hub sync --full`"


# -- the rest of the contract


def test_a_feed_cannot_be_written_to(folder: Path) -> None:
    change = Change("c1", "pos_line", "update", {"sku": "x"}, "INV-1/1")
    [outcome] = feed(folder).apply([change])
    assert (outcome.status, outcome.code) == ("rejected", "read_only")


def test_preflight_reads_the_newest_file(folder: Path) -> None:
    [nothing, fields] = feed(folder).preflight([POS])
    assert (nothing.severity, fields.severity) == ("warning", "ok")
    drop(folder, 18, [LINE])
    assert {finding.severity for finding in feed(folder).preflight([POS])} == {"ok"}
    drop(folder, 19, [LINE], header="a;b")
    [problem, _] = feed(folder).preflight([POS])
    assert problem.severity == "error"
    assert "pos_2026-W19.csv" in problem.message


def test_a_feed_makes_no_calls(folder: Path) -> None:
    drop(folder, 18, [LINE])
    connector = feed(folder)
    list(connector.pull(POS, None))
    assert (connector.calls.used, connector.calls.minimum) == (0, 0)
    connector.close()


def test_the_stock_mapping_asks_only_for_what_a_feed_has(folder: Path) -> None:
    drop(folder, 18, [LINE])
    for name, raw in stock_mapping("feed").items():
        fields = ObjectMapping.model_validate(raw).all_fields
        rows = [batch.rows.height for batch in feed(folder).pull(ObjectSpec(name, fields), None)]
        assert rows == ([] if name in ("inventory_line", "claim", "shipment") else [1])
