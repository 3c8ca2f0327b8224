"""TileJSON describes what tiles hold."""

from __future__ import annotations

from typing import Any

import pytest

from layers.catalogue import built_in_catalogue
from layers.tilejson import build_tilejson

BOUNDS = (102.5, -3.6, 103.7, -2.7)


def tilejson(*layers: str) -> dict[str, Any]:
    return build_tilejson(
        [built_in_catalogue().layer(one) for one in layers],
        language="en",
        tile_url="http://localhost/tiles/x/{z}/{x}/{y}.mvt",
        bounds=BOUNDS,
        attribution="Demonstration data",
    )


def test_one_layer() -> None:
    made = tilejson("bridges")
    assert made["tilejson"] == "3.0.0"
    assert (made["minzoom"], made["maxzoom"]) == (9, 14)
    assert made["bounds"] == list(BOUNDS)
    assert made["vector_layers"][0]["fields"] == {
        "code": "Bridge number",
        "name": "Name",
        "condition_value": "Condition value",
    }


def test_layers_together_span_all_their_zooms_and_label_points() -> None:
    made = tilejson("districts", "roads")
    assert (made["minzoom"], made["maxzoom"]) == (4, 14)
    assert [one["id"] for one in made["vector_layers"]] == ["districts", "districts_anchor", "roads"]


def test_units_are_said() -> None:
    assert tilejson("road_segments")["vector_layers"][0]["fields"]["iri"] == "IRI (m/km)"


def test_fields_for_staff_are_left_out() -> None:
    for definition in built_in_catalogue():
        staff = {field.name for field in definition.fields if field.access == "staff"}
        assert not staff & set(tilejson(definition.id)["vector_layers"][0]["fields"])


def test_no_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="without layers"):
        tilejson()
