"""Definitions are strict, complete, bilingual, and agree with tables and code lists."""

from pathlib import Path

import pytest
import yaml

from layers.catalogue import HERE, built_in_catalogue, read_catalogue
from layers.definition import read_definition
from layers.errors import InvalidDefinition, LayerNotFound
from layers.tables import check_against_definitions

CONTRACT = {
    "districts", "villages", "urban_areas", "roads", "road_segments", "streets", "bridges", "parks", "facilities", "plan_zones",
    "projects", "water", "places", "buildings",
}  # fmt: skip


@pytest.fixture
def districts_file(tmp_path: Path) -> Path:
    path = tmp_path / "districts.yml"
    path.write_bytes((HERE / "definitions" / "districts.yml").read_bytes())
    return path


def change(path: Path, **changes: object) -> None:
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))


def test_every_layer_of_the_contract_has_a_definition() -> None:
    assert set(built_in_catalogue().layers) == CONTRACT


def test_definitions_and_tables_speak_of_the_same_columns() -> None:
    check_against_definitions(built_in_catalogue())


def test_every_text_is_there_in_both_languages() -> None:
    for definition in built_in_catalogue():
        for text in (definition.title, definition.description, *(field.label for field in definition.fields)):
            assert text.id.strip()
            assert text.en.strip()


def test_bands_lie_below_full_detail_and_do_not_overlap() -> None:
    for definition in built_in_catalogue():
        zooms = [zoom for band in definition.bands for zoom in range(band.zooms[0], band.zooms[1] + 1)]
        assert len(zooms) == len(set(zooms)), definition.id
        assert all(definition.zooms[0] <= zoom for zoom in zooms), definition.id


def test_codes_that_bands_keep_exist() -> None:
    catalogue = built_in_catalogue()
    for definition in catalogue:
        for band in definition.bands:
            for field, kept in band.keep.items():
                assert set(kept) <= {code.code for code in catalogue.code_list(definition.id, field)}


def test_aliases_are_unambiguous_within_a_code_list() -> None:
    for name, codes in built_in_catalogue().codes.items():
        spellings = [
            one for code in codes for one in {text.casefold() for text in (code.code, code.label.id, *code.aliases)}
        ]
        assert len(spellings) == len(set(spellings)), name


def test_unknown_key_is_refused_with_file_and_key_named(districts_file: Path) -> None:
    change(districts_file, colour="red")
    with pytest.raises(InvalidDefinition, match=r"districts\.yml(.|\n)*colour"):
        read_definition(districts_file)


def test_label_field_that_does_not_exist_is_refused(districts_file: Path) -> None:
    change(districts_file, name_field="nama")
    with pytest.raises(InvalidDefinition, match="nama"):
        read_definition(districts_file)


def test_id_must_equal_the_file_name(districts_file: Path) -> None:
    change(districts_file, id="kecamatan")
    with pytest.raises(InvalidDefinition, match="kecamatan"):
        read_definition(districts_file)


def test_missing_code_list_is_refused(districts_file: Path, tmp_path: Path) -> None:
    codes = tmp_path / "codes.yaml"  # beside the definitions, but not one of them
    codes.write_text("a: []")
    definition = yaml.safe_load(districts_file.read_text())
    definition["fields"][1]["codes"] = "nowhere"
    districts_file.write_text(yaml.safe_dump(definition))
    with pytest.raises(InvalidDefinition, match="nowhere"):
        read_catalogue(tmp_path, codes)


def test_broken_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roads.yml"
    path.write_text("id: [")
    with pytest.raises(InvalidDefinition, match=r"roads\.yml"):
        read_definition(path)


def test_unknown_layer_is_answered_with_those_that_exist() -> None:
    with pytest.raises(LayerNotFound) as error:
        built_in_catalogue().layer("jalan")
    assert "roads" in error.value.message_id
