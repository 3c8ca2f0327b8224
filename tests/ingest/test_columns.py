"""Columns find their fields by name, alias, label, cut name and unit; what is only similar is suggested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.catalogue import built_in_catalogue
from layers.definition import FieldDefinition, Text
from layers.ingest.columns import ColumnMatch, match_columns
from layers.ingest.errors import ImportRefused

CATALOGUE = built_in_catalogue()
FILLABLE = [
    (definition, field, alias)
    for definition in CATALOGUE
    for field in definition.fields
    if not field.computed
    for alias in (field.name, *field.aliases)
]
ROAD = ["NO_RUAS", "NAMA_RUAS", "PANJANG_SK", "STATUS"]


def match(layer: str, columns: list[str], **options: object) -> ColumnMatch:
    given = options.pop("given", {})
    return match_columns(CATALOGUE.layer(layer), columns, given, **options)  # type: ignore[arg-type]


def names(result: ColumnMatch) -> dict[str, str]:
    return {field: source.column for field, source in result.fields.items()}


def test_names_aliases_and_labels_whatever_the_case() -> None:
    found = names(match("roads", ["No. Ruas", "nama-ruas", "Panjang menurut SK", "STATUS JALAN", "lebar"]))
    assert found == {
        "code": "No. Ruas",
        "name": "nama-ruas",
        "length_sk_m": "Panjang menurut SK",
        "status": "STATUS JALAN",
        "width_m": "lebar",
    }


@given(st.sampled_from(FILLABLE), st.data())
def test_every_alias_is_found_however_it_is_written(case: tuple, data: st.DataObject) -> None:  # type: ignore[type-arg]
    definition, field, alias = case
    written = "".join(character.upper() if data.draw(st.booleans()) else character for character in alias).replace(
        "_", data.draw(st.sampled_from(["_", " ", "-", "."]))
    )
    required = [one.name for one in definition.fields if one.required and one.name != field.name]
    # Another field may have the same alias and come first; then the column is taken, but not twice.
    result = match_columns(definition, [written, *required], {}, optional=frozenset({field.name}))
    taken = [name for name, source in result.fields.items() if source.column == written]
    assert len(taken) == 1


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=8))
def test_any_columns_end_in_a_match_or_a_refusal(columns: list[str]) -> None:
    result = match("buildings", columns)
    used = [source.column for source in result.fields.values()]
    assert len(used) == len(set(used))
    assert sorted([*used, *result.unused]) == sorted(columns)


def test_dbf_cuts_names_at_ten_characters() -> None:
    found = names(match("roads", ["CODE", "NAME", "length_sk_", "STATUS", "daily_traf"], is_shapefile=True))
    assert found["length_sk_m"] == "length_sk_"
    assert found["daily_traffic"] == "daily_traf"


def test_a_cut_name_of_two_fields_is_not_guessed() -> None:
    label = Text(id="-", en="-")
    fields = tuple(FieldDefinition(name=name, label=label) for name in ("year_of_survey", "year_of_building"))
    definition = CATALOGUE.layer("buildings").model_copy(update={"fields": fields})
    result = match_columns(definition, ["year_of_su", "year_of_bu"], {}, is_shapefile=True)
    assert names(result) == {"year_of_survey": "year_of_su", "year_of_building": "year_of_bu"}
    fields = tuple(FieldDefinition(name=name, label=label) for name in ("year_of_surface", "year_of_survey"))
    definition = CATALOGUE.layer("buildings").model_copy(update={"fields": fields})
    result = match_columns(definition, ["year_of_su"], {}, is_shapefile=True)
    assert not result.fields
    assert "column_ambiguous" in {one.code for one in result.findings}


def test_a_unit_in_the_name_is_converted() -> None:
    result = match("roads", ["NO_RUAS", "NAMA_RUAS", "Panjang SK (km)", "STATUS"])
    assert (result.fields["length_sk_m"].column, result.fields["length_sk_m"].factor) == ("Panjang SK (km)", 1000)


def test_the_base_map_gives_areas_in_hectares() -> None:
    assert match("districts", ["KDCPUM", "WADMKC", "LUASWH"]).fields["legal_area_km2"].factor == 0.01


def test_what_the_person_says_wins() -> None:
    result = match("roads", [*ROAD, "RUAS_LAMA"], given={"RUAS_LAMA": "name", "PANJANG_SK": "length_sk_m:km"})
    assert names(result)["name"] == "RUAS_LAMA"
    assert result.fields["length_sk_m"].factor == 1000
    assert "NAMA_RUAS" in result.unused


def test_missing_required_column_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ImportRefused) as refusal:
        match("roads", ["NO_RUAS", "NAMA_RUASS", "PANJANG_SK", "STATUS"])
    assert "NAMA_RUASS=name" in refusal.value.message_en
    assert refusal.value.findings[0].code == "required_column_missing"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"TIDAK_ADA": "name"}, "column_unknown"),
        ({"NAMA_RUAS": "colour"}, "field_unknown"),
        ({"NAMA_RUAS": "length_m"}, "field_unknown"),  # measured by the database, never filled
        ({"PANJANG_SK": "length_sk_m:mil"}, "unit_unknown"),
    ],
)
def test_wrong_mapping_is_refused(given: dict[str, str], code: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        match("roads", ROAD, given=given)
    assert refusal.value.findings[0].code == code


def test_unused_columns_are_named() -> None:
    result = match("buildings", ["building", "osm_id"])
    assert result.unused == ("osm_id",)
    assert "osm_id" in next(one for one in result.findings if one.code == "columns_unused").message_id
