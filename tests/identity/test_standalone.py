"""`hub match` on files of other people's making: columns, values, clusters, weights."""

import json
import re
import sys
from pathlib import Path
from random import Random

import polars as pl
import pytest
from click.testing import CliRunner

from bench.matching import quality
from hub.cli import main
from hub.commands.match_cli import match_file
from hub.errors import HubError
from hub.identity.mentions import Entity
from hub.identity.model import load_model
from hub.identity.standalone import (
    Columns,
    Matched,
    detect,
    match,
    read_model,
    read_sheet,
    save_model,
    without_row_numbers,
    write_sheet,
)
from hub.identity.standalone.columns import fields_of
from hub.identity.standalone.rows import mentions


def together(frame: pl.DataFrame, entity: Entity = "company", **fields: str) -> list[int]:
    """The cluster of each row; columns are called what they are."""
    columns = Columns(fields or {name: name for name in frame.columns})
    return match(frame, columns, entity, model=load_model(entity)).rows["cluster_id"].to_list()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ["Id", "Account Name", "BillingStreet", "BillingCity", "BillingPostalCode", "Phone"],
            {
                "name": "Account Name",
                "phone": "Phone",
                "street": "BillingStreet",
                "city": "BillingCity",
                "postal_code": "BillingPostalCode",
            },
        ),
        (
            ["Firma", "Straße", "Hausnr.", "PLZ", "Ort", "Land", "USt-IdNr.", "Telefon"],
            {
                "name": "Firma",
                "street": "Straße",
                "house": "Hausnr.",
                "postal_code": "PLZ",
                "city": "Ort",
                "country": "Land",
                "tax_id": "USt-IdNr.",
                "phone": "Telefon",
            },
        ),
        (
            ["Raison sociale", "Adresse", "Code postal", "Ville", "Pays", "N° TVA"],
            {
                "name": "Raison sociale",
                "street": "Adresse",
                "postal_code": "Code postal",
                "city": "Ville",
                "country": "Pays",
                "tax_id": "N° TVA",
            },
        ),
        (
            ["razon_social", "direccion", "codigo_postal", "ciudad", "telefono", "pagina_web"],
            {
                "name": "razon_social",
                "street": "direccion",
                "postal_code": "codigo_postal",
                "city": "ciudad",
                "phone": "telefono",
                "website": "pagina_web",
            },
        ),
        (["anything at all"], {"name": "anything at all"}),
    ],
)
def test_columns_are_known_by_their_headers(headers: list[str], expected: dict[str, str]) -> None:
    assert detect(headers, "company").fields == expected


def test_a_column_of_ids_is_carried_and_not_compared() -> None:
    found = detect(["Record ID", "Company", "First Name", "Last Name", "E-Mail"], "contact")
    assert found.record_id == "Record ID"
    assert found.fields == {
        "first_name": "First Name",
        "last_name": "Last Name",
        "email": "E-Mail",
        "company_name": "Company",
    }


def test_the_user_says_what_a_column_is_and_what_is_none() -> None:
    found = detect(["A", "B", "Phone"], "company", {"name": "B", "phone": ""})
    assert found.fields == {"name": "B"}


@pytest.mark.parametrize(
    ("headers", "told", "message"),
    [
        (["A", "B"], {}, "No column names a company"),
        (["Name"], {"fax": "Name"}, "a company has no 'fax'"),
        (["Name"], {"name": "Firma"}, "the file has no column 'Firma'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(
    headers: list[str], told: dict[str, str], message: str
) -> None:
    with pytest.raises(HubError, match=message) as caught:
        detect(headers, "company", told)
    assert caught.value.remedy


def test_customer_numbers_that_only_number_the_rows_tell_none_apart() -> None:
    columns = Columns({"name": "n", "account_no": "k"})
    rows = pl.DataFrame({"n": ["Acme", "Acme"], "k": ["1", "2"]})
    assert without_row_numbers(columns, rows) == Columns({"name": "n"}, "k")
    again = pl.DataFrame({"n": ["Acme", "Acme"], "k": ["1", "1"]})
    assert without_row_numbers(columns, again) == columns


@pytest.mark.parametrize(
    ("full", "given", "family"),
    [
        ("Ada Lovelace", "Ada", "Lovelace"),
        ("Lovelace, Ada", "Ada", "Lovelace"),
        ("Vincent van der Berg", "Vincent", "van der Berg"),
        ("Madonna", None, "Madonna"),
    ],
)
def test_a_full_name_is_given_and_family_name(full: str, given: str | None, family: str) -> None:
    rows = pl.DataFrame({"who": [full]})
    (row,) = mentions(rows, Columns({"full_name": "who"}), "contact", None, None).to_dicts()
    assert (row["first_name"], row["last_name"]) == (given, family)


def test_names_alone_are_matched() -> None:
    names = ["Müller Maschinenbau GmbH", "MUELLER MASCHINENBAU", "Schmidt AG", "Muller Maschinenbu"]
    assert together(pl.DataFrame({"name": names})) == [1, 1, 2, 1]


def test_names_of_persons_alone_are_matched_where_they_are_equal() -> None:
    names = ["Ada Lovelace", "LOVELACE, Ada", "Ada Byron", "Zoë Müller", "Zoe Mueller"]
    rows = pl.DataFrame({"name": names, "company": ["x", None, None, None, None]})
    alone = match(rows, Columns({"full_name": "name"}), "contact")
    assert alone.rows["cluster_id"].to_list() == [1, 1, 2, 3, 3]
    # With more columns a name is one sign among others, and namesakes are many.
    more = match(rows, Columns({"full_name": "name", "company_name": "company"}), "contact")
    assert more.rows["cluster_id"].to_list() == [1, 2, 3, 4, 5]


def test_persons_are_told_by_where_they_live_and_when_they_were_born() -> None:
    ada = {"full_name": "Ada Lovelace", "street": "12 Mill Road", "postal_code": "4011"}
    frame = pl.DataFrame(
        [
            {**ada, "birth_date": "1980-02-13"},
            {**ada, "full_name": "Ada Lovelcae", "birth_date": "13.02.1980"},
            {**ada, "postal_code": "4012", "birth_date": "1980-02-18"},
            {**ada, "birth_date": "1951-07-30"},
            {"full_name": "Ada Lovelace", "street": "3 High Street", "birth_date": "1980-02-13"},
        ]
    )
    one, mistyped, moved, mother, elsewhere = together(frame, "contact")
    assert one == mistyped == moved == elsewhere
    assert mother != one


def test_firms_of_one_group_stay_apart_whatever_the_rows_teach() -> None:
    rows = CROWD.select(*FIELDS.fields)
    sisters = pl.DataFrame(
        {
            "name": ["Gotham Steel Works", "Gotham Steel Works Holding"],
            "street": ["5 Main Street"] * 2,
            "postal_code": ["10001"] * 2,
            "phone": ["030 9999999"] * 2,
        }
    )
    found = match(pl.concat([rows, sisters]), FIELDS, "company").rows
    assert found["cluster_id"].tail(2).n_unique() == 2


def test_addresses_and_phones_hold_what_names_leave_open() -> None:
    rows = pl.DataFrame(
        {
            "name": ["Northwind Group", "Northwind Grp", "Northwind Group Holding"],
            "street": ["5 Main Street", "Main St. 5", "5 Main Street"],
            "postal_code": ["02134", "2134", "02134"],
            "phone": ["617 555 0100", "(617) 555-0100", "617 555 0100"],
        }
    )
    assert together(rows) == [1, 1, 2]


def test_a_customer_number_counts_within_the_system_that_gave_it() -> None:
    rows = pl.DataFrame(
        {
            "name": ["Lancaster Tools", "Lancastor Tools"],
            "account": ["0017", "17"],
            "one": ["north", "north"],
            "two": ["north", "south"],
        }
    )
    columns = Columns({"name": "name", "account_no": "account"})
    found = {
        source: match(rows, columns, "company", source=source).rows["cluster_id"].to_list()
        for source in ("one", "two")
    }
    assert found == {"one": [1, 1], "two": [1, 2]}


def test_rows_that_name_nobody_are_clusters_of_their_own() -> None:
    rows = pl.DataFrame({"name": ["", None, "Test", "Acme"]})
    found = match(rows, Columns({"name": "name"}), "company").rows
    assert found["cluster_id"].to_list() == [1, 2, 3, 4]
    assert found["match_probability"].to_list() == [0.0, 0.0, 0.0, 0.0]
    people = pl.DataFrame({"name": ["", ""], "company": ["Acme", "Acme"]})
    assert together(people, "contact", full_name="name", company_name="company") == [1, 2]


def test_probability_is_high_inside_a_cluster_and_low_outside() -> None:
    rows = pl.DataFrame(
        {"name": ["Novaplan Systems", "Novaplan Systems", "Novaplan Service Systems"]}
    )
    found = match(rows, Columns({"name": "name"}), "company").rows
    assert found["cluster_id"].to_list() == [1, 1, 2]
    same, _, other = found["match_probability"]
    # By the shipped weights: 7.5 - 5 for the pair, -3 - 5 for the longer name.
    assert same == pytest.approx(0.924142)
    assert other == pytest.approx(0.000335, abs=1e-6)


def _crowd() -> pl.DataFrame:
    """300 companies of two made-up words, each written one to three times with harm done to it."""
    rng = Random(1)
    syllables = [c + v for c in "bdfgklmnprst" for v in "aiou"]
    made = []
    for number in range(300):
        name = " ".join("".join(rng.choices(syllables, k=3)).title() for _ in range(2))
        street = f"{rng.randrange(1, 200)} {''.join(rng.choices(syllables, k=2)).title()} Street"
        for _ in range(rng.choice([1, 2, 2, 3])):
            at = rng.randrange(1, 5)
            other = name[:at] + rng.choice("xyz") + name[at + 1 :]
            made.append(
                (
                    other if rng.random() < 0.3 else name.upper(),
                    street if rng.random() < 0.7 else "1 Elsewhere",
                    f"{10_000 + number % 150}",
                    f"030 {number + 1_000_000}" if rng.random() < 0.7 else None,
                    str(number),
                )
            )
    rng.shuffle(made)
    return pl.DataFrame(made, schema=[*FIELDS.fields, "truth"], orient="row")


FIELDS = Columns({name: name for name in ("name", "street", "postal_code", "phone")})
CROWD = _crowd()


@pytest.fixture(scope="module")
def fitted() -> Matched:
    return match(CROWD, FIELDS, "company")


def test_weights_come_from_the_rows_and_do_not_depend_on_their_order(fitted: Matched) -> None:
    backwards = match(CROWD.reverse(), FIELDS, "company")
    assert backwards.model == fitted.model
    assert fitted.model.version.startswith(f"{load_model('company').version}+")
    assert _groups(backwards.rows.reverse()) == _groups(fitted.rows)


def _groups(rows: pl.DataFrame) -> set[frozenset[int]]:
    found = rows.with_row_index("row").group_by("cluster_id").agg("row")
    return {frozenset(group) for group in found["row"].to_list()}


def test_estimated_weights_find_more_than_the_shipped_and_nothing_wrong(fitted: Matched) -> None:
    truth = dict(enumerate(CROWD["truth"]))
    shipped = match(CROWD, FIELDS, "company", model=load_model("company"))
    before, after = (
        quality(truth, dict(enumerate(found.rows["cluster_id"]))) for found in (shipped, fitted)
    )
    assert before[1] < 0.95
    assert after[0] >= 0.99
    assert after[1] >= 0.97


def test_too_few_rows_are_weighed_as_shipped() -> None:
    assert match(CROWD.head(50), FIELDS, "company").model is load_model("company")


def test_weights_are_kept_in_one_file_and_used_again(fitted: Matched, tmp_path: Path) -> None:
    file = tmp_path / "weights.yaml"
    save_model(fitted.model, "company", file)
    save_model(load_model("contact"), "contact", file)
    kept = read_model(file, "company")
    assert (kept.weights, kept.bias) == (fitted.model.weights, fitted.model.bias)
    assert (kept.vetoes, kept.rarity) == (fitted.model.vetoes, fitted.model.rarity)
    assert read_model(file, "contact").weights == load_model("contact").weights
    again = match(CROWD, FIELDS, "company", model=kept)
    assert again.rows.equals(fitted.rows)
    file.write_text("version: x\n")
    with pytest.raises(HubError, match="holds no model of a company"):
        read_model(file, "company")


CSV = (
    "Nr;Firma;PLZ;Ort;Notiz\r\n"
    '007;Müller & Söhne GmbH;01067;Dresden;"a; b"\r\n'
    "008;Mueller & Soehne;01067;Dresden;\r\n"
    "010;Schmidt AG;80331;München; x\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_csv_comes_back_as_it_was_with_two_columns_more(tmp_path: Path, encoding: str) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "new" / "out.csv"
    file.write_bytes(CSV.encode(encoding))
    done = CliRunner().invoke(
        main, ["match", str(file), "--entity", "company", "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert list(told) == ["records", "clusters", "pairs", "seconds"]
    assert (told["records"], told["clusters"], told["pairs"]) == (3, 2, 1)
    lines = out.read_bytes().decode(encoding).split("\r\n")
    before = CSV.split("\r\n")
    assert lines[0] == f"{before[0]};cluster_id;match_probability"
    assert [line.rsplit(";", 2)[0] for line in lines[1:4]] == before[1:4]
    assert [line.split(";")[-2] for line in lines[1:4]] == ["1", "1", "2"]


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "tsv"])
def test_other_kinds_of_file_keep_their_zeros(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text(CSV, encoding="utf-8", newline="")
    sheet = read_sheet(source)
    file, out = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    write_sheet(sheet.rows, file, sheet.dialect)
    done = CliRunner().invoke(main, ["match", str(file), "--entity", "company", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert ["name", "Firma"] in [line.split() for line in done.stdout.splitlines()]
    found = read_sheet(out).rows
    assert found["PLZ"].to_list() == ["01067", "01067", "80331"]
    assert found["cluster_id"].cast(pl.Int64).to_list() == [1, 1, 2]


def test_spark_is_an_extra_and_says_so_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text("name\nBravo AG\n", encoding="utf-8")
    command = ["match", str(file), "--entity", "company", "--out", str(out)]
    monkeypatch.delitem(sys.modules, "hub.identity.standalone.spark", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    done = CliRunner().invoke(main, [*command, "--engine", "spark"])
    assert (done.exit_code, out.exists()) == (2, False)
    assert "partner-hub[spark]" in done.output


def test_a_cluster_is_only_named_to_the_engine_that_uses_one(tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text("name\nBravo AG\n", encoding="utf-8")
    command = ["match", str(file), "--entity", "company", "--out", str(out)]
    done = CliRunner().invoke(main, [*command, "--spark-master", "spark://here:7077"])
    assert (done.exit_code, out.exists()) == (2, False)
    assert "--engine spark" in done.output


def test_a_result_can_be_matched_again(tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text(CSV, encoding="utf-8", newline="")
    command = ["match", str(file), "--entity", "company", "--out", str(out)]
    assert CliRunner().invoke(main, command).exit_code == 0
    again = out.read_bytes()
    command[1] = str(out)
    assert CliRunner().invoke(main, command).exit_code == 0
    assert out.read_bytes() == again


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.docx", "x", "files of the kind '.docx' are not known"),
        ("in.csv", "", "the file is empty"),
        ("in.parquet", "x", "cannot be read as parquet"),
        ("in.csv", "Name,City\nAcme,Rome,Italy\n", "cannot be read as csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_a_remedy(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    command = ["match", str(file), "--entity", "company", "--out", str(tmp_path / "out.csv")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "remedy:" in done.stderr


PAGE = (Path(__file__).parents[2] / "docs" / "matching.md").read_text(encoding="utf-8")


def test_the_example_of_the_documentation_runs_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, given, result = re.findall(r"```(?:console|csv)\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("customers.csv").write_text(given, encoding="utf-8")
    line, *expected = command.splitlines()
    done = CliRunner().invoke(main, line.removeprefix("$ hub ").split())
    assert done.exit_code == 0, done.output
    told = [re.sub(r"in [\d.]+ s", "in 0.2 s", line.rstrip()) for line in done.stdout.splitlines()]
    assert told == expected
    assert Path("matched.csv").read_text(encoding="utf-8") == result


@pytest.mark.parametrize("entity", ["company", "contact"])
def test_the_documentation_names_every_field_and_option(entity: Entity) -> None:
    table = PAGE.split(f"<!-- fields: {entity} -->")[1].split("\n\n")[0]
    first = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    assert set(re.findall(r"`(\w+)`", "".join(first))) == set(fields_of(entity))
    options = {
        option
        for parameter in match_file.params
        for option in parameter.opts
        if option.startswith("--") and option not in ("--help", "--json", "--out")
    }
    assert options == set(
        re.findall(r"(--[a-z][\w-]+)", PAGE.split("| option |")[1].split("\n\n")[0])
    )
