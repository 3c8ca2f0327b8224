"""The bridges report (DD-2): number and length by condition value and class, by district and by road."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from app.reports.findings import boundary_findings, missing_rules, no_boundary
from app.reports.kinds.road_data import complete_figures, metric_crs, unknown_figures
from app.reports.queries import has_rows
from app.reports.report import Cell, Chart, Class, Column, Content, Evidence, MapView, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.bridges import (
    BRIDGE_CLASSES,
    CONDITION_VALUES,
    UNSURVEYED,
    BridgeSums,
    bridge_districts,
    bridge_figures,
    bridges_on_roads,
    classify_bridges,
    known_lengths,
    sum_bridges,
)
from gis.errors import InvalidStation
from gis.figures import Figure, Finding, Rule, quantity_figure
from gis.linear import format_station
from gis.roads import NOWHERE
from layers.catalogue import built_in_catalogue

CLASS_RULE, REACH_RULE = "JEMBATAN_NK_KELAS", "LOKASI_RUAS_M"
GROUPS = (*CONDITION_VALUES, UNSURVEYED)
VALUE_IDS = {f"bridges.condition_value.{value}": value for value in CONDITION_VALUES}
UNITS = {
    "bridges.count": "bridges",
    **{f"bridges.count.{one}": "bridges" for one in BRIDGE_CLASSES},
    "bridges.length_m": "m",
    **{f"bridges.length_m.{one}": "m" for one in BRIDGE_CLASSES},
    "bridges.damaged_percent": "percent",
    **dict.fromkeys(VALUE_IDS, "bridges"),
}
CLASSES = {
    "good": Class("good", "Baik", "Good", "#1b7f5c"),
    "fair": Class("fair", "Sedang", "Fair", "#e3b11f"),
    "damaged": Class("damaged", "Rusak", "Damaged", "#e2661a", "long_dash"),
    "critical": Class("critical", "Kritis atau runtuh", "Critical or collapsed", "#8f1239", "short_dash"),
    "unsurveyed": Class("unsurveyed", "Belum disurvei", "Not surveyed", "#7b8794", "dots"),
}
COLUMNS = (
    "code", "name", "road_code", "sta_m", "length_m", "width_m", "spans", "superstructure", "condition_value",
    "year_built", "survey_year",
)  # fmt: skip
OUTSIDE = Words("Tidak di kecamatan mana pun", "In no district")
WITHOUT_ROAD = Words("Ruas tidak diketahui", "Road not known")
STATUSES = ("national", "provincial", "regency", "city", "village")
DD2_NOTE = Words(
    "Nilai kondisi (NK) menurut BMS: 0 terbaik, 5 runtuh. Register tidak menyimpan kondisi bangunan bawah, fondasi, "
    "dan lantai satu per satu.",
    "Condition values (NK) by the BMS: 0 best, 5 collapsed. The register does not keep the condition of substructure, "
    "foundation and deck one by one.",
)
M_DECIMALS, PERCENT_DECIMALS = 1, 2


@dataclass(frozen=True)
class _Bridges:
    """
    The bridges of the area, and their sums by class and by condition value.

    `frame` has the columns read, `district`, `bridge_class`, `road` (code), `road_name`, `status` (of the road), `how`,
    `is_unknown` and `distance_m`; `length_m` is NaN where it is not known. `is_known` tells whether there is any bridge
    on record at all.
    """

    frame: gpd.GeoDataFrame
    by_class: BridgeSums
    by_value: BridgeSums
    rule: Rule
    reach: Rule
    left_out: int
    is_known: bool


def compute(subject: Subject) -> Content:
    """Compute the report; a figure that cannot be computed is None, and a finding says why."""
    area = subject.area
    if missing := missing_rules(subject, (CLASS_RULE, REACH_RULE)):
        return Content(unknown_figures(UNITS, subject.codes), findings=missing)
    if not subject.drawn and not area.is_region:
        return Content(unknown_figures(UNITS, subject.codes), findings=(no_boundary(area),))
    subject.step(Words("Membaca jembatan", "Reading bridges"), 10)
    bridges = _read(subject)
    subject.step(Words("Menyusun tabel", "Laying out tables"), 60)
    drawn = [code for code in subject.area.districts if code in subject.drawn]
    context = subject.context("bridges")
    figures = bridge_figures(
        bridges.by_class, codes=drawn, context=context, rule=bridges.rule, has_bridges=bridges.is_known
    )
    return Content(
        figures=complete_figures((*figures, *_value_figures(subject, bridges, drawn)), UNITS, subject.codes),
        tables=_tables(subject, bridges) if bridges.is_known else (),
        findings=_findings(subject, bridges),
        charts=_charts(bridges),
        maps=_maps(subject, bridges),
        evidence=_evidence(subject),
        names={**dict(zip(subject.within["code"], subject.within["name"], strict=True)), NOWHERE: OUTSIDE},
        frames={"bridges": _drawn(bridges)} if len(bridges.frame) else {},
    )


def _read(subject: Subject) -> _Bridges:
    """Read the bridges of the area, and find district, class and road of each."""
    area = subject.area
    rule, reach = subject.known_rule(CLASS_RULE), subject.known_rule(REACH_RULE)
    read = subject.frame("bridges", COLUMNS, bbox=None if area.is_region else tuple(subject.within.total_bounds))
    districts = bridge_districts(read, subject.districts[["code", "geometry"]])
    read = read.assign(district=districts, length_m=known_lengths(read["length_m"]))
    if not area.is_region:
        read = read[read["district"].isin(area.districts)].reset_index(drop=True)
    is_known = bool(len(read)) or has_rows(subject.session, "bridges", subject.as_of)
    frame = _with_roads(subject, read, reach)
    own = frame["status"].isin(subject.statuses) | frame["status"].isna()
    left_out = 0
    if subject.settings["roads"] == "own":
        left_out = int((~own).sum())
        frame = frame[own].reset_index(drop=True)
    frame = frame.assign(
        bridge_class=classify_bridges(frame["condition_value"], bounds=subject.rule_values(CLASS_RULE))
    )
    codes = list(dict.fromkeys([*area.districts, *sorted(set(frame["district"]) - {NOWHERE})]))
    by_class = sum_bridges(frame, codes, by="bridge_class", groups=BRIDGE_CLASSES)
    by_value = sum_bridges(frame, codes, by="condition_value", groups=GROUPS)
    return _Bridges(frame, by_class, by_value, rule, reach, left_out, is_known)


def _with_roads(subject: Subject, bridges: gpd.GeoDataFrame, reach: Rule) -> gpd.GeoDataFrame:
    """Find the road of each bridge, its name and who keeps it."""
    roads = None if bridges.empty else subject.frame("roads", ("code", "name", "status"))
    crs = None if roads is None else metric_crs(subject, bridges, roads)
    if roads is None or crs is None:
        empty = pd.Series([None] * len(bridges), index=bridges.index, dtype=object)
        return bridges.assign(
            road=empty, road_name=empty, status=empty, how="none", is_unknown=False, distance_m=np.nan
        )
    found = bridges_on_roads(bridges.to_crs(crs), roads.to_crs(crs), reach=reach)
    by_code = roads.drop_duplicates("code").set_index("code")
    return bridges.assign(
        road=found["road"],
        road_name=_looked_up(found["road"], by_code["name"]),
        status=_looked_up(found["road"], by_code["status"]),
        how=found["how"],
        is_unknown=found["is_unknown"],
        distance_m=found["distance_m"],
    )


def _looked_up(codes: pd.Series, values: pd.Series) -> pd.Series:
    known = values.to_dict()
    return pd.Series([known.get(code) for code in codes], index=codes.index, dtype=object)


def _value_figures(subject: Subject, bridges: _Bridges, drawn: Sequence[str]) -> tuple[Figure, ...]:
    """Count bridges by condition value, for the area and its districts."""
    count, context = bridges.by_value.count, subject.context("bridges")
    rows = {subject.area.code: count.sum().to_dict()} | count.loc[list(drawn)].to_dict("index")
    return tuple(
        quantity_figure(
            figure_id, float(row[value]) if bridges.is_known else None, area=str(code), unit="bridges", context=context
        )
        for code, row in rows.items()
        for figure_id, value in VALUE_IDS.items()
    )


def _tables(subject: Subject, bridges: _Bridges) -> tuple[Table, ...]:
    if bridges.frame.empty:
        return (_class_table(subject, bridges),)
    return (
        _class_table(subject, bridges),
        _value_table(subject, bridges),
        _authority_table(bridges),
        _road_table(bridges),
        _list(subject, bridges),
    )


def _class_table(subject: Subject, bridges: _Bridges) -> Table:
    """Lay out number and metres by class in each district."""
    count, metres = bridges.by_class.count, bridges.by_class.metres
    columns = [
        column
        for one in CLASSES.values()
        for column in (
            Column(f"{one.code}_count", one.label_id, one.label_en, "bridges", f"bridges.count.{one.code}"),
            Column(f"{one.code}_m", one.label_id, one.label_en, "m", f"bridges.length_m.{one.code}"),
        )
    ]
    columns += [
        Column("count", "Jumlah", "Total", "bridges", "bridges.count"),
        Column("length_m", "Jumlah", "Total", "m", "bridges.length_m"),
        Column("damaged_percent", "Rusak", "Damaged", "percent", "bridges.damaged_percent"),
    ]

    def cells(counted: Mapping[Any, int], measured: Mapping[Any, float]) -> tuple[Cell, ...]:
        lengths = {one: round(float(measured[one]), M_DECIMALS) for one in BRIDGE_CLASSES}
        pairs: list[Cell] = [cell for one in BRIDGE_CLASSES for cell in (int(counted[one]), lengths[one])]
        total = sum(int(counted[one]) for one in BRIDGE_CLASSES)
        damaged = int(counted["damaged"]) + int(counted["critical"])
        share = round(damaged / total * 100, PERCENT_DECIMALS) if total > counted[UNSURVEYED] else None
        return (*pairs, total, round(sum(lengths.values()), M_DECIMALS), share)

    empty: tuple[Cell, ...] = (None,) * len(columns)
    outside = [NOWHERE] if NOWHERE in count.index else []
    rows = tuple(
        Row(code, cells(count.loc[code].to_dict(), metres.loc[code].to_dict()) if _is_told(subject, code) else empty)
        for code in [*[one for one in count.index if one != NOWHERE], *outside]
    )
    return Table(
        "bridges_by_class",
        "Jembatan menurut kelas kondisi",
        "Bridges by class of condition",
        tuple(columns),
        rows,
        cells(count.sum().to_dict(), metres.round(M_DECIMALS).sum().to_dict()),
        bar=tuple(f"{one}_count" for one in BRIDGE_CLASSES),
    )


def _is_told(subject: Subject, code: str) -> bool:
    """Whether the bridges of a district can be told: it is drawn; those outside of all are told too."""
    return code == NOWHERE or code in set(subject.districts["code"])


def _value_table(subject: Subject, bridges: _Bridges) -> Table:
    """Lay out number and metres of each condition value."""
    labels = {one.code: one.label for one in built_in_catalogue().code_list("bridges", "condition_value")}
    count, metres = bridges.by_value.count.sum(), bridges.by_value.metres.sum()
    bounds = subject.rule_values(CLASS_RULE)
    classes = classify_bridges(list(GROUPS), bounds=bounds)
    columns = (
        Column("class", "Kelas", "Class", "text"),
        Column("count", "Jembatan", "Bridges", "bridges"),
        Column("length_m", "Panjang", "Length", "m"),
        Column("percent", "Bagian", "Share", "percent"),
    )
    total = int(count.sum())

    def row(value: str, bridge_class: str) -> Row:
        label = labels.get(value)
        name = Words(label.id, label.en) if label else _words(CLASSES[UNSURVEYED])
        share = round(int(count[value]) / total * 100, PERCENT_DECIMALS) if total else None
        return Row(
            value,
            (_words(CLASSES[bridge_class]), int(count[value]), round(float(metres[value]), M_DECIMALS), share),
            name,
        )

    rows = tuple(row(value, str(one)) for value, one in zip(GROUPS, classes, strict=True))
    return Table(
        "bridges_by_value",
        "Jembatan menurut nilai kondisi (NK)",
        "Bridges by condition value (NK)",
        columns,
        rows,
        (None, total, round(float(metres.sum()), M_DECIMALS), None),
        by_area=False,
        row_head=Words("Nilai kondisi", "Condition value"),
    )


def _words(one: Class) -> Words:
    return Words(one.label_id, one.label_en)


def _authority_table(bridges: _Bridges) -> Table:
    """Lay out number and metres by who keeps the road."""
    labels = {one.code: one.label for one in built_in_catalogue().code_list("roads", "status")}
    status = bridges.frame["status"].where(bridges.frame["status"].isin(STATUSES), "")
    rows = tuple(
        Row(
            one or "-",
            _group_cells(bridges.frame[status == one]),
            Words(labels[one].id, labels[one].en) if one else WITHOUT_ROAD,
        )
        for one in (*STATUSES, "")
        if (status == one).any()
    )
    return Table(
        "bridges_by_authority",
        "Jembatan menurut pengelola jalannya",
        "Bridges by who keeps their road",
        _group_columns(),
        rows,
        _group_cells(bridges.frame),
        by_area=False,
        row_head=Words("Status jalan", "Authority"),
        bar=tuple(BRIDGE_CLASSES),
    )


def _road_table(bridges: _Bridges) -> Table:
    """Lay out number and metres of each road that has bridges."""
    frame = pd.DataFrame(bridges.frame.drop(columns="geometry")).assign(road=bridges.frame["road"].fillna(""))
    names = frame.drop_duplicates("road").set_index("road")["road_name"].to_dict()
    by_road = {str(code): of_road for code, of_road in frame.groupby("road")}
    rows = tuple(
        Row(code or "-", _group_cells(by_road[code]), f"{code} {names[code]}" if code else WITHOUT_ROAD)
        for code in sorted(by_road, key=lambda code: (not code, code))
    )
    return Table(
        "bridges_by_road",
        "Jembatan menurut ruas",
        "Bridges by road",
        _group_columns(),
        rows,
        _group_cells(frame),
        by_area=False,
        row_head=Words("Ruas", "Road"),
        bar=tuple(BRIDGE_CLASSES),
    )


def _group_columns() -> tuple[Column, ...]:
    return (
        *(Column(one.code, one.label_id, one.label_en, "bridges") for one in CLASSES.values()),
        Column("count", "Jumlah", "Total", "bridges"),
        Column("length_m", "Panjang", "Length", "m"),
    )


def _group_cells(frame: pd.DataFrame) -> tuple[Cell, ...]:
    count = frame["bridge_class"].value_counts()
    length = float(frame["length_m"].round(M_DECIMALS).sum())
    return (*(int(count.get(one, 0)) for one in BRIDGE_CLASSES), len(frame), round(length, M_DECIMALS))


def _list(subject: Subject, bridges: _Bridges) -> Table:
    """List the bridges under their districts (DD-2), worst first."""
    columns = (
        Column("number", "No", "No", "text"),
        Column("code", "No. jembatan", "Bridge number", "text"),
        Column("road", "Ruas", "Road", "text"),
        Column("sta", "STA", "Station", "text"),
        Column("length_m", "Panjang", "Length", "m"),
        Column("width_m", "Lebar", "Width", "m"),
        Column("spans", "Bentang", "Spans", "count"),
        Column("superstructure", "Bangunan atas", "Superstructure", "text"),
        Column("condition_value", "NK", "NK", "text"),
        Column("class", "Kelas", "Class", "text"),
        Column("survey_year", "Tahun survei", "Survey year", "text"),
        Column("year_built", "Tahun bangun", "Year built", "text"),
        Column("notes", "Keterangan", "Notes", "text"),
    )
    value = bridges.frame["condition_value"]
    ranked = bridges.frame.assign(
        rank=pd.to_numeric(value.where(value.isin(CONDITION_VALUES)), errors="coerce").fillna(-1),
        order=bridges.frame["code"].fillna(""),
    ).sort_values(["rank", "order", "name"], ascending=[False, True, True], kind="stable")
    rows: list[Row] = []
    number = 0
    for district in bridges.by_class.count.index:
        here = ranked[ranked["district"] == district]
        if here.empty:
            continue
        rows.append(
            Row(
                district or "-",
                _sum_of(here, len(columns)),
                OUTSIDE if district == NOWHERE else None,
                is_subtotal=True,
            )
        )
        for one in here.to_dict("records"):
            number += 1
            rows.append(Row(str(one["code"] or number), _bridge_cells(number, one), str(one["name"]), 1))
    return Table(
        "dd2",
        "Daftar jembatan (DD-2)",
        "Bridges one by one (DD-2)",
        columns,
        tuple(rows),
        _sum_of(ranked, len(columns)),
        by_area=False,
        row_head=Words("Nama jembatan", "Bridge"),
        note=DD2_NOTE,
    )


def _sum_of(frame: pd.DataFrame, columns: int) -> tuple[Cell | Words, ...]:
    length = round(float(frame["length_m"].round(M_DECIMALS).sum()), M_DECIMALS)
    count = Words(f"{len(frame)} jembatan", f"{len(frame)} bridges")
    return (None, count, None, None, length, *(None,) * (columns - 5))


def _bridge_cells(number: int, bridge: Mapping[Any, Any]) -> tuple[Cell | Words, ...]:
    road = bridge["road"]
    value = bridge["condition_value"]
    length = _number(bridge["length_m"])
    return (
        str(number),
        bridge["code"],
        f"{road} {bridge['road_name']}" if road else None,
        _station(bridge["sta_m"]),
        None if length is None else round(length, M_DECIMALS),
        _number(bridge["width_m"]),
        _number(bridge["spans"]),
        bridge["superstructure"],
        value if value in CONDITION_VALUES else None,
        _words(CLASSES[bridge["bridge_class"]]),
        _year(bridge["survey_year"]),
        _year(bridge["year_built"]),
        _notes(bridge),
    )


def _station(metres: object) -> str | None:
    value = _number(metres)
    try:
        return None if value is None else format_station(value)
    except InvalidStation:
        return None


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _year(value: Any) -> str | None:
    number = _number(value)
    return None if number is None else str(int(number))


def _notes(bridge: Mapping[Any, Any]) -> Words | None:
    if bridge["is_unknown"]:
        return Words(f"ruas {bridge['road_code']} tidak ada", f"road {bridge['road_code']} does not exist")
    if bridge["how"] == "nearest":
        return Words("ruas terdekat; tidak dicatat", "nearest road; not recorded")
    return None


def _charts(bridges: _Bridges) -> tuple[Chart, ...]:
    """Show how many bridges have each condition value."""
    if bridges.frame.empty:
        return ()
    count = bridges.by_value.count.sum()
    labels: tuple[str | Words, ...] = (*(f"NK {value}" for value in CONDITION_VALUES), _words(CLASSES[UNSURVEYED]))
    series = Series("count", "Jembatan", "Bridges", tuple(float(count[one]) for one in GROUPS))
    title_id, title_en = "Jembatan menurut nilai kondisi", "Bridges by condition value"
    return (Chart("values", title_id, title_en, "bars", "bridges", labels, (series,)),)


def _maps(subject: Subject, bridges: _Bridges) -> tuple[MapView, ...]:
    if bridges.frame.empty:
        return ()
    return (
        MapView(
            "classes",
            "Jembatan menurut kelas kondisi",
            "Bridges by class of condition",
            "bridges",
            class_field="bridge_class",
            classes=tuple(CLASSES.values()),
        ),
    )


def _drawn(bridges: _Bridges) -> gpd.GeoDataFrame:
    columns = (
        "code", "name", "road", "road_name", "sta_m", "length_m", "width_m", "spans", "superstructure",
        "condition_value", "bridge_class", "survey_year", "year_built", "district",
    )  # fmt: skip
    return bridges.frame[[*columns, "geometry"]]


def _findings(subject: Subject, bridges: _Bridges) -> tuple[Finding, ...]:
    if not bridges.is_known:
        return (
            *boundary_findings(subject),
            Finding(
                "warning",
                "no_bridges",
                "Belum ada data jembatan, jadi angkanya tidak dapat dihitung. Impor ke lapisan bridges.",
                "There is no bridge data yet, so figures cannot be computed. Import it into the layer bridges.",
            ),
        )
    frame = bridges.frame
    given = frame["condition_value"]
    counted = (
        _counted("warning", "bridges_unsurveyed", int((frame["bridge_class"] == UNSURVEYED).sum()), _UNSURVEYED),
        _counted(
            "warning", "bridges_invalid_value", int((given.notna() & ~given.isin(CONDITION_VALUES)).sum()), _INVALID
        ),
        _counted("warning", "bridges_without_length", int(frame["length_m"].isna().sum()), _WITHOUT_LENGTH),
        _counted("warning", "bridges_unknown_road", int(frame["is_unknown"].astype(bool).sum()), _UNKNOWN_ROAD),
        _counted("info", "bridges_on_nearest_road", int((frame["how"] == "nearest").sum()), _ON_NEAREST),
        _counted("warning", "bridges_without_road", int((frame["how"] == "none").sum()), _WITHOUT_ROAD),
        _counted("warning", "bridges_far_from_road", int((frame["distance_m"] > bridges.reach.value).sum()), _FAR),
        _counted("warning", "bridges_without_district", int((frame["district"] == NOWHERE).sum()), _NOWHERE),
        _counted("info", "bridges_of_others", bridges.left_out, _OF_OTHERS),
    )
    return (*boundary_findings(subject), *(one for one in counted if one is not None))


def _counted(severity: Any, code: str, count: int, words: Words) -> Finding | None:
    if not count:
        return None
    return Finding(severity, code, words.id.format(count=count), words.en.format(count=count), count)


_UNSURVEYED = Words(
    "{count} jembatan tidak memiliki nilai kondisi; dihitung sebagai kelas tersendiri.",
    "Without a condition value, hence a class of their own: {count} of the bridges.",
)
_INVALID = Words(
    "{count} jembatan memiliki nilai kondisi di luar 0–5; dihitung sebagai belum disurvei.",
    "With a condition value other than 0–5, hence counted as not surveyed: {count} of the bridges.",
)
_WITHOUT_LENGTH = Words(
    "Panjang {count} jembatan tidak dicatat; jembatannya dihitung, panjangnya tidak.",
    "Without a recorded length, so that they count but their metres do not: {count} of the bridges.",
)
_UNKNOWN_ROAD = Words(
    "Ruas yang dicatat untuk {count} jembatan tidak ada di daftar ruas.",
    "The road recorded is not among the roads for {count} of the bridges.",
)
_ON_NEAREST = Words(
    "Ruas {count} jembatan diambil dari ruas tergambar yang terdekat.",
    "The road is that drawn nearest for {count} of the bridges.",
)
_WITHOUT_ROAD = Words(
    "{count} jembatan tidak berada di dekat ruas mana pun; ruasnya tidak diketahui.",
    "Near no road, so that theirs is not known: {count} of the bridges.",
)
_FAR = Words(
    "{count} jembatan tergambar jauh dari ruas yang dicatat untuknya. Periksa letaknya.",
    "Drawn far from the road recorded for them: {count} of the bridges. Check their place.",
)
_NOWHERE = Words(
    "{count} jembatan tergambar di luar semua kecamatan; hanya masuk jumlah seluruhnya.",
    "Drawn outside of all districts, hence counted in the whole only: {count} of the bridges.",
)
_OF_OTHERS = Words(
    "{count} jembatan pada jalan milik pihak lain tidak ikut dihitung.",
    "On roads of other authorities, hence not counted: {count} of the bridges.",
)


def _evidence(subject: Subject) -> dict[str, tuple[Evidence, ...]]:
    """Tell which bridges each figure rests on."""
    every, districts = Evidence("bridges"), Evidence("districts")
    found: dict[str, tuple[Evidence, ...]] = dict.fromkeys(UNITS, (every, districts))
    classes = classify_bridges(list(CONDITION_VALUES), bounds=subject.rule_values(CLASS_RULE))
    for one in BRIDGE_CLASSES[:-1]:
        values = [value for value, bridge_class in zip(CONDITION_VALUES, classes, strict=True) if bridge_class == one]
        of_class = (Evidence("bridges", {"condition_value": values}), districts)
        found |= {f"bridges.count.{one}": of_class, f"bridges.length_m.{one}": of_class}
    for figure_id, value in VALUE_IDS.items():
        found[figure_id] = (Evidence("bridges", {"condition_value": value}), districts)
    return found
