"""People by area: years, gaps, sums, and other divisions of the land."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import MissingColumn
from gis.population import PopulationCount, count_population, split_population
from tests.gis.builders import districts, frame, geodesic_m2

DISTRICT = "16.05.09"
AREAS = pd.DataFrame(
    {
        "code": [f"{DISTRICT}.2001", f"{DISTRICT}.2002", f"{DISTRICT}.2003"],
        "district_code": DISTRICT,
        "area_m2": [1.0, 3.0, 6.0],
    }
)
FIRST, SECOND, THIRD = AREAS["code"]


def counted(*rows: tuple[str, int, int], year: int | None = None, areas: pd.DataFrame = AREAS) -> PopulationCount:
    return count_population(pd.DataFrame(rows, columns=["area_code", "year", "population"]), areas, year=year)


def codes_of(count: PopulationCount) -> list[tuple[str, int]]:
    return [(one.code, one.count) for one in count.findings]


def test_newest_year_counts_when_none_is_asked_for() -> None:
    count = counted(
        *((code, year, 100 * number + year) for number, code in enumerate(AREAS["code"]) for year in (2020, 2025))
    )
    assert count.year == 2025
    assert count.table["population"].tolist() == [2025, 2125, 2225]
    assert count.total == 6375
    assert count.findings == ()


@pytest.mark.parametrize(("year", "taken"), [(2024, 2025), (2021, 2020), (1999, 2020), (2030, 2025), (2020, 2020)])
def test_nearest_year_counts_and_a_finding_says_so(year: int, taken: int) -> None:
    count = counted(*((code, one, one) for code in AREAS["code"] for one in (2025, 2020)), year=year)
    assert count.table["year"].tolist() == [taken] * 3
    assert codes_of(count) == ([] if year == taken else [("population_other_year", 3)])


def test_of_two_years_equally_near_the_earlier_counts() -> None:
    assert counted((FIRST, 2024, 7), (FIRST, 2022, 5), year=2023).table["population"].iloc[0] == 5


def test_missing_villages_are_unknown_and_named_never_0() -> None:
    count = counted((FIRST, 2025, 100), (SECOND, 2025, 0))
    assert count.table["population"].tolist()[:2] == [100, 0]
    assert np.isnan(count.table["population"].iloc[2])
    assert codes_of(count) == [("population_unknown", 1)]
    assert THIRD in count.findings[0].message_en


def test_villages_without_a_count_share_what_their_district_leaves_over_by_size() -> None:
    count = counted((FIRST, 2025, 100), (DISTRICT, 2025, 1_000))
    assert count.table["population"].tolist() == pytest.approx([100, 300, 600])
    assert count.table["is_own"].tolist() == [True, False, False]
    assert codes_of(count) == [("population_shared", 2)]
    alone = counted((DISTRICT, 2020, 1_000))
    assert alone.year == 2020
    assert alone.table["population"].tolist() == pytest.approx([100, 300, 600])


def test_a_district_that_leaves_nothing_over_leaves_villages_unknown() -> None:
    count = counted((FIRST, 2025, 100), (DISTRICT, 2025, 90))
    assert count.table["population"].isna().tolist() == [False, True, True]


def test_villages_that_do_not_add_up_to_their_district_are_told_of() -> None:
    rows = [(code, 2025, 100) for code in AREAS["code"]]
    assert codes_of(counted(*rows, (DISTRICT, 2025, 300))) == []
    assert codes_of(counted(*rows, (DISTRICT, 2025, 310))) == [("population_sums_differ", 1)]
    assert codes_of(counted(*rows, (DISTRICT, 2020, 310))) == []  # of another year: no contradiction
    assert counted(*rows, (DISTRICT, 2025, 310)).total == 300


def test_a_district_without_villages_stands_for_itself() -> None:
    areas = pd.DataFrame({"code": [DISTRICT], "district_code": [DISTRICT], "area_m2": [5.0]})
    count = counted((DISTRICT, 2025, 42), areas=areas)
    assert count.table["population"].tolist() == [42]
    assert count.findings == ()


def test_no_population_at_all_is_told_of() -> None:
    for count in (counted(), counted(("16.05.01", 2025, 7)), counted(("16.05.01", 2025, 7), year=2025)):
        assert count.total is None
        assert [one.code for one in count.findings] == ["no_population"]
    assert counted(areas=AREAS.iloc[:0]).total is None


def test_columns_are_asked_for() -> None:
    with pytest.raises(MissingColumn):
        count_population(pd.DataFrame({"area_code": []}), AREAS)
    with pytest.raises(MissingColumn):
        counted(areas=AREAS.drop(columns="area_m2"))


def people(*population: float) -> gpd.GeoDataFrame:
    return districts("a", "b", "c").assign(population=list(population))


def test_people_are_shared_out_by_land() -> None:
    """A zone over a quarter of one area and half of the next."""
    zones = frame([shapely.box(103.075, -3, 103.15, -2.9), shapely.box(104, -3, 104.1, -2.9)], key=["town", "sea"])
    split = split_population(people(1_000, 500, 70), zones, key="key")
    assert split["population"]["town"] == pytest.approx(250 + 250, rel=1e-6)
    assert split["known_share"]["town"] == pytest.approx(1)
    assert np.isnan(split["population"]["sea"])
    assert split["known_share"]["sea"] == 0


def test_land_of_unknown_population_lowers_the_known_share() -> None:
    zones = frame([shapely.box(103.05, -3, 103.15, -2.9), shapely.box(103.11, -3, 103.15, -2.9)], key=["half", "none"])
    split = split_population(people(1_000, np.nan, 70), zones, key="key")
    assert split["population"]["half"] == pytest.approx(500, rel=1e-6)
    assert split["known_share"]["half"] == pytest.approx(0.5, rel=1e-6)
    assert np.isnan(split["population"]["none"])


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 0.29), st.lists(st.integers(0, 10_000), min_size=3, max_size=3), st.permutations([0, 1, 2]))
def test_parts_add_up_whatever_the_order(cut: float, persons: list[int], order: list[int]) -> None:
    zones = frame(
        [shapely.box(102.9, -3.1, 103 + cut, -2.8), shapely.box(103 + cut, -3.1, 103.4, -2.8)], key=["w", "e"]
    )
    split = split_population(people(*persons).iloc[order], zones.iloc[::-1], key="key")
    assert split["population"].sum() == pytest.approx(sum(persons), rel=1e-6)
    west = sum(
        number * geodesic_m2(area.intersection(zones.geometry.iloc[0])) / geodesic_m2(area)
        for number, area in zip(persons, people(*persons).geometry, strict=True)
    )
    assert split["population"]["w"] == pytest.approx(west, rel=1e-6, abs=1e-6)
