"""Area codes are read in their several forms, and found by name when they are missing."""

from __future__ import annotations

import numpy as np
import pytest

from layers.ingest.areas import LEVEL_OF_LAYER, Area, AreaList, normalise_codes, same_name
from tests.helpers.files import LEVELS
from tests.ingest.conftest import AREAS

LIST = AreaList(tuple(Area(code, name, LEVELS[len(code)]) for code, name in AREAS[1:]), "99.01")  # type: ignore[arg-type]


def texts(*values: str | None) -> np.ndarray:
    return np.array(values, dtype=object)


@pytest.mark.parametrize(
    ("written", "level", "expected"),
    [
        ("16.05.01", "district", "16.05.01"),
        ("160501", "district", "16.05.01"),
        ("16-05-01", "district", "16.05.01"),
        ("1605040", "district", None),  # BPS
        ("16.05.01.2001", "village", "16.05.01.2001"),
        ("1605012001", "village", "16.05.01.2001"),
        ("16.05", "district", None),
        ("abc", "district", None),
        (None, "district", None),
    ],
)
def test_forms_of_codes(written: str | None, level: str, expected: str | None) -> None:
    assert normalise_codes(texts(written), level).tolist() == [expected]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    ["STL Ulu Terawas", "stl ulu terawas", "KECAMATAN STL. ULU TERAWAS", "Kec. STL Ulu-Terawas", "STLULUTERAWAS"],
)
def test_names_forgive_case_spaces_and_titles(name: str) -> None:
    assert LIST.find("district", texts(name)).codes.tolist() == ["99.01.02"]


def test_a_title_that_belongs_to_the_name_is_kept() -> None:
    assert LIST.find("district", texts("Kota Agung")).codes.tolist() == ["99.01.03"]
    assert LIST.find("village", texts("KAMPUNG BARU")).codes.tolist() == ["99.01.02.2002"]


def test_the_regency_tells_districts_of_one_name_apart() -> None:
    names = texts("Muara Beliti", "Muara Beliti")
    regencies = texts("KAB. TETANGGA", "Kabupaten Contoh")
    assert LIST.find("district", names, regencies=regencies).codes.tolist() == ["99.02.01", "99.01.01"]


def test_a_regency_and_a_city_of_one_name() -> None:
    found = LIST.find("district", texts("Selatan", "Selatan"), regencies=texts("Kota Adm. Contoh", "CONTOH"))
    assert found.codes.tolist() == ["99.71.01", "99.71.01"]  # only the city has such a district


def test_without_a_regency_the_regions_own_is_taken() -> None:
    assert LIST.find("district", texts("Muara Beliti")).codes.tolist() == ["99.01.01"]


def test_villages_of_one_name_are_ambiguous_until_the_district_is_known() -> None:
    found = LIST.find("village", texts("Suka Maju"))
    assert found.codes.tolist() == [None]
    assert found.ambiguous.tolist() == [True]
    told = LIST.find("village", texts("SUKAMAJU"), districts=texts("STL Ulu Terawas"))
    assert told.codes.tolist() == ["99.01.02.2001"]


def test_a_misspelt_name_is_suggested_not_taken() -> None:
    found = LIST.find("district", texts("Muara Beliti Baru", "Muara Belitti"))
    assert found.codes.tolist() == [None, None]
    assert found.suggestions["Muara Belitti"] == "Muara Beliti"


def test_the_region_holds_its_codes_alone() -> None:
    held = LIST.holds(texts("99.01", "99.01.02", "99.02.01", "99.011", None))
    assert held.tolist() == [True, True, False, False, False]
    assert AreaList((), "99").holds(texts("99.02.01")).tolist() == [True]


def test_same_name() -> None:
    assert same_name("KEC. MUARA BELITI", "Muara Beliti", "district")
    assert not same_name("Muara Kelingi", "Muara Beliti", "district")


def test_area_layers_have_levels() -> None:
    assert LEVEL_OF_LAYER == {"districts": "district", "villages": "village"}
