"""Single values in the form that is compared."""

import socket

import pytest

from hub.identity import values


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("https://www.foo.co.uk/start", "foo.co.uk"),
        ("FOO.de", "foo.de"),
        ("http://shop.foo.com:80/", "foo.com"),
        ("gmail.com", None),
        ("https://www.facebook.com/foo", None),
        ("no site", None),
        ("localhost", None),
    ],
)
def test_a_website_is_its_registrable_domain(written: str, domain: str | None) -> None:
    assert values.domain(written) == domain


def test_domains_are_found_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert values.domain("https://a-host.never-asked-before.co.jp") == "never-asked-before.co.jp"


def test_a_mailbox_is_taken_apart() -> None:
    box = values.mailbox(" Anna.Meyer+news@Mail.Foo.DE ")
    assert box == ("anna.meyer@mail.foo.de", "anna.meyer", "foo.de", False)


def test_a_private_or_shared_mailbox_is_known_as_such() -> None:
    private, shared = values.mailbox("anna@gmx.de"), values.mailbox("info@foo.de")
    assert private is not None
    assert private.domain is None
    assert shared is not None
    assert shared.shared


@pytest.mark.parametrize("written", ["anna", "anna@", "@foo.de", "anna@foo", ""])
def test_what_is_no_address_is_none(written: str) -> None:
    assert values.mailbox(written) is None


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+49 40 3123456", None, "+49403123456"),
        ("040 / 312 34 56", "DE", "+49403123456"),
        ("0049 (0) 40 3123456", None, "+49403123456"),
        ("+49 (0) 40 3123456", "DE", "+49403123456"),
        ("(212) 555-1234", "US", "+12125551234"),
        ("040 3123456", None, "~403123456"),
        ("123", None, None),
        ("ext. unknown", "DE", None),
    ],
)
def test_a_phone_number_is_one_number_however_it_is_dialled(
    written: str, country: str | None, number: str | None
) -> None:
    assert values.phone(written, country) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("DE 123 456 789", "123456789"),
        ("ATU12345678", "12345678"),
        ("CHE-123.456.789", "123456789"),
        ("12-3456789", "123456789"),
        ("27ABCDE1234F1Z5", "27ABCDE1234F1Z5"),
        ("exempt", None),
    ],
)
def test_a_tax_number_goes_without_its_countrys_letters(written: str, number: str | None) -> None:
    assert values.tax_number(written) == number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hauptstraße 12", "Hauptstr. 12"),
        ("12 Main Street", "12 Main St"),
        ("Calle Mayor, 3", "C/ Mayor, 3"),
        ("Kungsgatan 4", "Kungsg. 4"),
        ("12 avenue Victor Hugo", "12 av. Victor Hugo"),
    ],
)
def test_a_street_is_one_street_however_it_is_shortened(one: str, other: str) -> None:
    assert values.street(one) == values.street(other)


def test_house_numbers_tell_streets_apart() -> None:
    assert values.street("Hauptstraße 12") != values.street("Hauptstraße 14")


@pytest.mark.parametrize(
    ("local", "last", "given"),
    [
        ("anna.meyer", "Meyer", "anna"),
        ("meyer_anna", "Meyer", "anna"),
        ("annam", "Meyer", "anna"),
        ("anna.meyer77", "Meyer", "anna"),
        ("a.meyer", "Meyer", None),
        ("sales", "Meyer", None),
    ],
)
def test_a_mailbox_may_tell_the_given_name(local: str, last: str, given: str | None) -> None:
    assert values.given_name(local, last) == given


def test_leading_zeros_lost_in_a_spreadsheet_make_no_difference() -> None:
    assert values.postal_code("01976") == values.postal_code("1976")
    assert values.account_number("0012-345") == values.account_number("12345")
    assert values.postal_code("EC3A 9ZK") == "EC3A9ZK"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1980-02-13", "19800213"),
        ("1980-02-13T00:00:00", "19800213"),
        ("19800213", "19800213"),
        ("13.02.1980", "19800213"),
        ("13/2/1980", "19800213"),
        ("2/13/1980", "19800213"),
        ("5/6/1980", "19800605"),
        ("1980", None),
        ("13.02.80", None),
        ("unknown", None),
    ],
)
def test_a_birth_date_is_one_however_it_is_written(written: str, read: str | None) -> None:
    assert values.birth_date(written) == read
