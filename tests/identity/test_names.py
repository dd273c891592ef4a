"""Text, legal forms and how two names relate."""

from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.identity.legal_forms import KNOWN_FORMS, split_form
from hub.identity.names import across_scripts, person_relation, relation
from hub.identity.relations import Names
from hub.identity.scripts import in_another_script
from hub.identity.text import fold, folded, words


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Müller", "muller"),
        ("Mueller", "muller"),
        ("MULLER", "muller"),
        ("Größer", "grosser"),
        ("Åkesson & Ødegård", "akesson odegard"),
        ("O'Brien", "obrien"),
        ("S. A. R. L.", "sarl"),
        ("Foo  S.p.A.", "foo spa"),
        ("MÃ¼ller", "muller"),
        ("株式会社", "kk"),
        ("東京", "dongjing"),
        ("  ", ""),
    ],
)
def test_the_same_words_fold_to_the_same_text(written: str, folded: str) -> None:
    assert fold(written) == folded


awkward_text = st.text(
    st.one_of(st.sampled_from("aoue.. srlSAÄö'`’&-/ 3\t\x1c¦·ʼ株Мф"), st.characters()), max_size=12
)


@given(texts=st.lists(st.one_of(st.none(), awkward_text), max_size=20))
def test_a_column_folds_as_its_texts_do(texts: list[str | None]) -> None:
    told = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}).select(folded(pl.col("text")))
    assert told["text"].to_list() == [None if text is None else fold(text) for text in texts]


@pytest.mark.parametrize("joint", ["&", "+", "und", "and", "et", "u.", "y", "e"])
def test_and_has_many_sisters(joint: str) -> None:
    assert words(f"Koch {joint} Söhne") == ["koch", "sohne"]


@pytest.mark.parametrize(
    ("name", "core", "form"),
    [
        ("Velanda GmbH & Co. KG", "velanda", "gmbh_kg"),
        ("Velanda G.m.b.H.", "velanda", "gmbh"),
        ("Velanda Gesellschaft mbH", "velanda", "gmbh"),
        ("Velanda Gesellschaft mit beschränkter Haftung", "velanda", "gmbh"),
        ("Velanda UG (haftungsbeschränkt)", "velanda", "ug"),
        ("Velanda A/S", "velanda", "as"),
        ("Velanda AS", "velanda", "as"),
        ("Velanda Aktiebolag", "velanda", "ab"),
        ("Velanda Oyj", "velanda", "oy"),
        ("Velanda Sp. z o.o.", "velanda", "zoo"),
        ("Velanda Pvt. Ltd.", "velanda", "pvt_ltd"),
        ("Velanda Co., Ltd.", "velanda", "ltd"),
        ("Velanda, Inc.", "velanda", "inc"),
        ("S.A.R.L. Velanda", "velanda", "sarl"),
        ("Kabushiki Kaisha Velanda", "velanda", "kk"),
        ("SAS Institute Inc.", "sas institute", "inc"),
        ("Holding AG Müller", "holding ag muller", None),
        ("GmbH", "gmbh", None),
    ],
)
def test_a_legal_form_is_cut_at_the_ends_only(name: str, core: str, form: str | None) -> None:
    assert split_form(words(name)) == (core.split(), form)


def test_enough_legal_forms_are_known() -> None:
    assert KNOWN_FORMS >= 80


@pytest.mark.parametrize(
    ("left", "right", "how"),
    [
        ("velanda systems", "systems velanda", "same"),
        ("velanda systems", "velandasystems", "same"),
        ("velanda systems", "velnada systems", "slip"),
        ("velanda systems", "veland systems", "slip"),
        ("velanda hotels", "velanda htols", "slip"),
        ("velanda systems", "velanda sys", "short"),
        ("velanda construcciones", "velanda constr", "short"),
        ("nordavia systems", "nordivia systems", "near"),
        ("velanda systems", "velanda", "extra"),
        ("velanda systems", "velanda systems holding", "branch"),
        ("velanda systems", "velanda systems germany", "branch"),
        ("velanda systems", "velanda logistics", "stem"),
        ("smith group", "jones group", "different"),
        ("perez perez services", "prez perez services", "slip"),
    ],
)
def test_how_two_company_names_relate(left: str, right: str, how: str) -> None:
    assert relation(left, right) == how
    assert relation(right, left) == how


@pytest.mark.parametrize(
    ("left", "right", "how"),
    [
        ("anna|meyer", "anna|meyer", "same"),
        ("anna|meyer", "meyer|anna", "same"),
        ("anna|meyer", "a|meyer", "initial"),
        ("elin|meyer", "e|meyer", "initial"),
        ("anna maria|meyer", "anna|meyer", "initial"),
        ("anna|meyer", "anna|meyre", "slip"),
        ("anna|meyer", "|meyer", "part"),
        ("anna|meyer", "tobias|meyer", "relative"),
        ("anna|meyer", "anna|vogt", "different"),
    ],
)
def test_how_two_peoples_names_relate(left: str, right: str, how: str) -> None:
    assert person_relation(left, right) == how
    assert person_relation(right, left) == how


_KNOWN = ("same", "slip", "sounds")


@pytest.mark.parametrize(
    ("own", "abroad", "known"),
    [
        ("Παπαδόπουλος Ναυτιλιακή Α.Ε.", "Papadopoulos Naftiliaki", True),
        ("Балкан Строй ООД", "Balkan Stroy OOD", True),
        ("Хидравлика Желев", "Hidravlika Zhelev", True),
        ("上海华信科技有限公司", "Shanghai Huaxin Technology Co., Ltd.", True),
        ("شركة النور للتجارة ذ.م.م", "Al Noor Trading LLC", True),
        ("株式会社東京", "Dongjing KK", True),
        ("Παπαδόπουλος Ναυτιλιακή Α.Ε.", "Georgiou Naftiliaki", False),
        ("شركة النور للتجارة ذ.م.م", "Al Fahad Trading LLC", False),
    ],
)
def test_a_name_is_known_again_in_another_script(own: str, abroad: str, known: bool) -> None:
    (left, _), (right, _) = split_form(words(own)), split_form(words(abroad))
    told = across_scripts(
        relation(" ".join(left), " ".join(right)), " ".join(left), " ".join(right)
    )
    assert (told in _KNOWN) is known
    assert in_another_script(own)
    assert not in_another_script(abroad)


@pytest.mark.parametrize("name", ["Müller", "Łódź Ćma", "Nguyễn Văn", "Ødegård", "3M", ""])
def test_letters_with_marks_are_latin(name: str) -> None:
    assert not in_another_script(name)


@pytest.mark.parametrize(
    ("own", "abroad", "known"),
    [
        ("محمد|الزهراني", "Mohammed|Al Zahrani", True),
        ("Ιωάννης|Χατζής", "Ioannis|Chatzis", True),
        ("Цветана|Янков", "Tsvetana|Yankov", True),
        ("Цветана|Янков", "Georgi|Yankov", False),
    ],
)
def test_a_person_is_known_again_in_another_script(own: str, abroad: str, known: bool) -> None:
    left, right = ("|".join(map(fold, name.split("|"))) for name in (own, abroad))
    told = across_scripts(person_relation(left, right), left, right)
    assert (told in _KNOWN) is known


words_of_names = st.lists(
    st.sampled_from(
        (
            *("nordwind", "nordwnid", "nordwin", "nord", "logistik", "logistics", "log", "holding"),
            *("germany", "mueller", "muller", "miller", "m", "stock", "bravo", "systems", "sys"),
        )
    ),
    min_size=1,
    max_size=9,
).map(" ".join)


@settings(max_examples=60)
@given(names=st.lists(words_of_names, min_size=2, max_size=12))
def test_columns_relate_names_as_reading_them_one_by_one_does(names: list[str]) -> None:
    both = list(product(names, repeat=2))
    told = Names(pl.Series(names))
    left, right = (told.places(pl.Series(side)) for side in zip(*both, strict=True))
    assert told.relations(left, right).to_list() == [relation(a, b) for a, b in both]
    nobody = pl.Series([None], dtype=pl.Int32)
    assert told.relations(nobody, left.head(1)).to_list() == [None]
