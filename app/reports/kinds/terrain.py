"""Terrain and land cover: slope classes, areas of classes, and change between two years, from registered rasters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import geopandas as gpd
import pandas as pd

from app.errors import InvalidRequest
from app.rasters.files import raster_path
from app.rasters.queries import RegisteredRaster, read_rasters
from app.reports.findings import boundary_findings, missing_rules, no_boundary
from app.reports.kinds.terrain_tables import (
    SLOPE_KEY,
    class_key,
    class_tables,
    cover_chart,
    cover_classes,
    matrix_table,
    slope_chart,
    slope_names,
    slope_tables,
)
from app.reports.report import Chart, Content, Evidence, Table, Words
from app.reports.subject import Subject
from app.storage import FileNotStored
from gis.constants import M2_PER_HA
from gis.figures import Figure, FigureContext, Finding, Rule, percent_figure, quantity_figure
from gis.raster import Raster, open_raster
from gis.terrain import SlopeClasses, Slopes, change_matrix, changes, in_metres
from gis.zonal import ClassAreas, class_areas, zonal_statistics

SLOPE_BOUNDS = "LERENG_KELAS"
WHOLE = 0.9995  # share from which on an area counts as covered
REGISTER = "petakarya raster add"


@dataclass(frozen=True)
class _Chosen:
    """The rasters that the report reads; None where there is none."""

    elevation: RegisteredRaster | None
    cover: RegisteredRaster | None
    before: RegisteredRaster | None


@dataclass(frozen=True)
class _Part:
    """One part of the report."""

    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    charts: tuple[Chart, ...] = ()
    names: Mapping[str, Words] = field(default_factory=dict)


def compute(subject: Subject) -> Content:
    """
    Compute slopes, land cover and change in the area and each of its districts.

    What no raster reaches has no figure; what it reaches in part is computed on that part, and a finding says so.
    """
    chosen = _chosen(subject)
    if not subject.drawn:
        unknown = tuple(Figure(one, code, None, unit) for code in subject.codes for one, unit in _HEADLINES.items())
        return Content(unknown, findings=(no_boundary(subject.area),))
    areas = subject.within[["code", "geometry"]]
    parts = [_terrain(subject, chosen.elevation, areas), _cover(subject, chosen.cover, areas)]
    parts.append(_change(subject, chosen, areas))
    return Content(
        figures=tuple(figure for part in parts for figure in part.figures),
        tables=tuple(table for part in parts for table in part.tables),
        findings=(*boundary_findings(subject), *(one for part in parts for one in part.findings)),
        charts=tuple(chart for part in parts for chart in part.charts),
        evidence=_evidence(subject, chosen),
        names={key: name for part in parts for key, name in part.names.items()},
    )


_HEADLINES = {
    "terrain.steep_percent": "percent",
    "terrain.slope_mean_percent": "percent",
    "landcover.changed_percent": "percent",
    "landcover.changed_ha": "ha",
}


# Which rasters


def _chosen(subject: Subject) -> _Chosen:
    known = read_rasters(subject.session, subject.as_of)
    covers = [one for one in known if one.kind == "landcover" and one.classes]
    cover = _named(subject, "landcover", known, covers) or next(iter(covers), None)
    earlier = [one for one in covers if cover and one.year and cover.year and one.year < cover.year]
    return _Chosen(
        _named(subject, "elevation", known, [one for one in known if not one.classes])
        or next((one for one in known if one.kind == "elevation"), None),
        cover,
        _named(subject, "landcover_before", known, covers) or (earlier[-1] if earlier else None),
    )


def _named(
    subject: Subject, setting: str, known: Sequence[RegisteredRaster], usable: Sequence[RegisteredRaster]
) -> RegisteredRaster | None:
    """Return the raster that a setting names; one that is unknown or of the wrong kind is refused."""
    name = str(subject.settings.get(setting, ""))
    if not name:
        return None
    found = next((one for one in usable if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in usable) or "–"
        is_known = any(one.name == name for one in known)
        why_id, why_en = ("tidak cocok", "does not fit") if is_known else ("tidak terdaftar", "is not registered")
        raise InvalidRequest(
            f"{setting}={name[:40]}: raster ini {why_id}. Yang dapat dipakai: {names}.",
            f"{setting}={name[:40]}: this raster {why_en}. What can be used: {names}.",
        )
    return found


@contextmanager
def _opened(raster: RegisteredRaster) -> Iterator[Raster]:
    with open_raster(raster_path(raster)) as opened:
        yield opened


def _evidence(subject: Subject, chosen: _Chosen) -> dict[str, tuple[Evidence, ...]]:
    version = int(subject.table_states["raster"].version)
    districts = Evidence("districts")

    def of(*rasters: RegisteredRaster | None) -> tuple[Evidence, ...]:
        used = [one for one in rasters if one is not None]
        counts = dict.fromkeys(subject.codes, 1)
        return (districts, *(Evidence(one.name, counts=counts, version=version) for one in used))

    return {
        **dict.fromkeys(("terrain.*", "terrain.slope_ha.*", "terrain.slope_percent.*"), of(chosen.elevation)),
        **dict.fromkeys(("landcover.*", "landcover.class_ha.*", "landcover.class_percent.*"), of(chosen.cover)),
        **dict.fromkeys(("landcover.changed_ha", "landcover.changed_percent"), of(chosen.before, chosen.cover)),
    }


# Slope


def _terrain(subject: Subject, raster: RegisteredRaster | None, areas: gpd.GeoDataFrame) -> _Part:
    if raster is None:
        return _Part(
            _unknown(subject, _SLOPE_UNITS), findings=(_no_raster("elevasi", "elevation", "lereng", "slopes"),)
        )
    if missing := missing_rules(subject, (SLOPE_BOUNDS,)):
        return _Part(_unknown(subject, _SLOPE_UNITS), findings=missing)
    rule = subject.known_rule(SLOPE_BOUNDS)
    bounds = tuple(replace(rule, value=value) for value in subject.rule_values(SLOPE_BOUNDS))
    try:
        with _opened(raster) as elevation, in_metres(elevation) as projected:
            subject.step("menghitung lereng", 10)
            slopes = Slopes(projected)
            found = class_areas(SlopeClasses(slopes, bounds), areas, key="code")
            subject.step("menghitung lereng rata-rata", 30)
            means = zonal_statistics(slopes, areas, key="code")
            heights = zonal_statistics(elevation, areas, key="code")
            is_reprojected = projected is not elevation
    except FileNotStored:
        return _Part(_unknown(subject, _SLOPE_UNITS), findings=(_no_file(raster),))
    by_code = _by_code(subject, found)
    figures: list[Figure] = []
    for code in subject.codes:
        here = by_code.get(code)
        figures += _slope_figures(subject, code, here, rule, len(bounds) + 1)
        figures += _height_figures(subject, code, means, heights)
    return _Part(
        tuple(figures),
        slope_tables(subject, figures, bounds),
        (
            _slope_method(raster, is_reprojected=is_reprojected),
            *_cover_findings(subject, raster, by_code),
        ),
        (slope_chart(subject, figures, bounds),),
        slope_names(bounds),
    )


_SLOPE_UNITS = {"terrain.steep_percent": "percent", "terrain.slope_mean_percent": "percent"}


@dataclass(frozen=True)
class _Here:
    """What a raster says of one area, hectares."""

    classes: Mapping[int, float]
    area_ha: float
    covered_ha: float
    valid_ha: float


def _by_code(subject: Subject, found: ClassAreas) -> dict[str, _Here]:
    """Return what was found for each district that is drawn, and for the area as their sum."""
    rows = {
        str(code): _here(found.classes.loc[[code]].sum(), found.cover.loc[[code]].sum()) for code in found.cover.index
    }
    return {subject.area.code: _here(found.classes.sum(), found.cover.sum()), **rows}


def _here(classes: pd.Series, sizes: pd.Series) -> _Here:
    by_class = {int(str(value)): float(size) / M2_PER_HA for value, size in classes.items()}
    return _Here(by_class, *(float(sizes[name]) / M2_PER_HA for name in _SIZES))


_SIZES = ("area_m2", "covered_m2", "valid_m2")


def _slope_figures(subject: Subject, code: str, here: _Here | None, rule: Rule, count: int) -> Iterator[Figure]:
    context = _context(subject)
    total = here.valid_ha if here is not None and here.valid_ha > 0 else None
    for number in range(1, count + 1):
        size = here.classes.get(number, 0.0) if here is not None and total is not None else None
        key = f"{SLOPE_KEY}{number}"
        yield quantity_figure(f"terrain.slope_ha.{key}", size, area=code, unit="ha", context=context, rule=rule)
        yield percent_figure(f"terrain.slope_percent.{key}", size, total, area=code, context=context, rule=rule)
        if number == count:
            yield percent_figure("terrain.steep_percent", size, total, area=code, context=context, rule=rule)
    known = here.valid_ha if here is not None else None
    area_ha = here.area_ha if here is not None else None
    yield percent_figure("terrain.known_percent", known, area_ha, area=code, context=context)


def _height_figures(subject: Subject, code: str, means: pd.DataFrame, heights: pd.DataFrame) -> Iterator[Figure]:
    codes = [code] if code in means.index else list(means.index)
    context = _context(subject)
    slope, height = means.loc[codes], heights.loc[codes]
    weights = slope["valid_m2"].sum()
    mean = float((slope["mean"].fillna(0) * slope["valid_m2"]).sum() / weights) if weights > 0 else None
    if code not in means.index and code != subject.area.code:  # a district without boundary
        mean, height = None, height.iloc[:0]
    known = height["minimum"].notna().any()
    yield quantity_figure("terrain.slope_mean_percent", mean, area=code, unit="percent", context=context)
    for name, value in (("min", height["minimum"].min()), ("max", height["maximum"].max())):
        metres = float(value) if known else None
        yield quantity_figure(f"terrain.elevation_{name}_m", metres, area=code, unit="m", context=context)


# Land cover


def _cover(subject: Subject, raster: RegisteredRaster | None, areas: gpd.GeoDataFrame) -> _Part:
    if raster is None:
        return _Part(findings=(_no_raster("tutupan lahan", "land cover", "luas kelas", "class areas"),))
    subject.step("menghitung tutupan lahan", 55)
    try:
        with _opened(raster) as cover:
            found = class_areas(cover, areas, key="code")
    except FileNotStored:
        return _Part(findings=(_no_file(raster),))
    by_code = _by_code(subject, found)
    values = [one.value for one in raster.classes if one.value in found.classes.columns]
    context = _context(subject)
    figures: list[Figure] = []
    for code in subject.codes:
        here = by_code.get(code)
        total = here.valid_ha if here is not None and here.valid_ha > 0 else None
        for value in values:
            size = here.classes.get(value, 0.0) if here is not None and total is not None else None
            key = class_key(value)
            figures.append(quantity_figure(f"landcover.class_ha.{key}", size, area=code, unit="ha", context=context))
            figures.append(percent_figure(f"landcover.class_percent.{key}", size, total, area=code, context=context))
        known, area_ha = (here.valid_ha, here.area_ha) if here is not None else (None, None)
        figures.append(percent_figure("landcover.known_percent", known, area_ha, area=code, context=context))
    classes = cover_classes(raster, values)
    return _Part(
        tuple(figures),
        class_tables(subject, figures, classes, raster),
        _cover_findings(subject, raster, by_code),
        names={class_key(one.value): Words(one.name("id"), one.name("en")) for one in classes},
    )


# Change


def _change(subject: Subject, chosen: _Chosen, areas: gpd.GeoDataFrame) -> _Part:
    units = {"landcover.changed_ha": "ha", "landcover.changed_percent": "percent"}
    if chosen.cover is None:
        return _Part(_unknown(subject, units))
    if chosen.before is None or chosen.before.name == chosen.cover.name:
        return _Part(_unknown(subject, units), findings=(_NO_EARLIER,))
    subject.step("membandingkan kedua tahun", 75)
    try:
        with (
            _opened(chosen.before) as earlier,
            _opened(chosen.cover) as later,
            changes(earlier, later) as (pairs, resampled),
        ):
            matrix = change_matrix(pairs, areas, key="code")
    except FileNotStored:
        return _Part(_unknown(subject, units), findings=(_no_file(chosen.before),))
    matrix = matrix.assign(ha=matrix["area_m2"] / M2_PER_HA, changed=matrix["before"] != matrix["after"])
    context = _context(subject)
    figures: list[Figure] = []
    for code in subject.codes:
        here = matrix if code == subject.area.code else matrix[matrix["code"] == code]
        total = float(here["ha"].sum()) or None
        changed = None if total is None else float(here.loc[here["changed"], "ha"].sum())
        figures.append(quantity_figure("landcover.changed_ha", changed, area=code, unit="ha", context=context))
        figures.append(percent_figure("landcover.changed_percent", changed, total, area=code, context=context))
    findings = [_compared(chosen.before, chosen.cover)]
    if resampled:
        findings.append(_resampled(chosen.before, chosen.cover))
    if matrix.empty:
        findings.append(_NOTHING_COMMON)
    names = {class_key(one.value): Words(one.name("id"), one.name("en")) for one in chosen.before.classes}
    tables = (matrix_table(matrix, chosen.before, chosen.cover),) if len(matrix) else ()
    charts = (cover_chart(matrix, chosen.before, chosen.cover),) if len(matrix) else ()
    return _Part(tuple(figures), tables, tuple(findings), charts, names)


# Findings


def _unknown(subject: Subject, units: Mapping[str, str]) -> tuple[Figure, ...]:
    return tuple(Figure(one, code, None, unit) for code in subject.codes for one, unit in units.items())


def _context(subject: Subject) -> FigureContext:
    changed = subject.table_states["raster"].changed_at
    return FigureContext(subject.area.code, data_date=changed.astimezone(subject.zone).date() if changed else None)


def _cover_findings(subject: Subject, raster: RegisteredRaster, by_code: Mapping[str, _Here]) -> tuple[Finding, ...]:
    """Say how much of the area the raster reaches, how much of that is nodata, and which districts it misses."""
    here = by_code[subject.area.code]
    findings: list[Finding] = []
    covered = here.covered_ha / here.area_ha if here.area_ha else 0.0
    share_id, share_en = _percent(covered)
    if covered < WHOLE:
        findings.append(
            Finding(
                "warning",
                "area_not_covered",
                f"Raster {raster.name} menutupi {share_id} wilayah; luas di luarnya tidak ikut dihitung.",
                f"The raster {raster.name} covers {share_en} of the area; what lies beyond it is not counted.",
            )
        )
    else:
        findings.append(
            Finding(
                "info",
                "area_covered",
                f"Raster {raster.name} menutupi {share_id} wilayah.",
                f"The raster {raster.name} covers {share_en} of the area.",
            )
        )
    missing = 1 - here.valid_ha / here.covered_ha if here.covered_ha else 0.0
    if missing > 1 - WHOLE:
        share_id, share_en = _percent(missing)
        findings.append(
            Finding(
                "warning",
                "nodata",
                f"{share_id} dari bagian yang ditutupi raster {raster.name} tidak memiliki nilai (nodata).",
                f"{share_en} of what the raster {raster.name} covers has no value (nodata).",
            )
        )
    without = [code for code in subject.drawn if not by_code[code].valid_ha > 0]
    if without:
        findings.append(
            Finding(
                "warning",
                "districts_not_covered",
                f"{len(without)} kecamatan tidak ditutupi raster {raster.name}, jadi angkanya tidak dapat dihitung.",
                f"{len(without)} districts are not covered by the raster {raster.name}: their figures are unknown.",
                len(without),
            )
        )
    if raster.demo:
        findings.append(
            Finding(
                "info",
                "demonstration_raster",
                f"Raster {raster.name} adalah data contoh yang indikatif, bukan hasil pengukuran.",
                f"The raster {raster.name} is indicative demonstration data, not a measurement.",
            )
        )
    return tuple(findings)


def _percent(share: float) -> tuple[str, str]:
    text = f"{100 * share:.2f}"
    return f"{text.replace('.', ',')}%", f"{text}%"


def _no_raster(what_id: str, what_en: str, lost_id: str, lost_en: str) -> Finding:
    return Finding(
        "warning",
        f"no_{what_en.replace(' ', '')}",
        f"Belum ada raster {what_id}, jadi {lost_id} tidak dapat dihitung. Daftarkan dengan {REGISTER}.",
        f"There is no raster of {what_en}, so {lost_en} cannot be computed. Register one with {REGISTER}.",
    )


def _no_file(raster: RegisteredRaster) -> Finding:
    return Finding(
        "error",
        "raster_file_missing",
        f"Berkas raster {raster.name} tidak ada di penyimpanan, jadi angkanya tidak dapat dihitung. Daftarkan ulang.",
        f"The file of the raster {raster.name} is not in the storage: its figures are unknown. Register it again.",
    )


def _slope_method(raster: RegisteredRaster, *, is_reprojected: bool) -> Finding:
    size = f"{raster.resolution_m:.1f}"
    more_id = "; elevasi diubah dahulu ke sistem koordinat bermeter (bilinear)" if is_reprojected else ""
    more_en = "; elevations were first reprojected to a metric system (bilinear)" if is_reprojected else ""
    return Finding(
        "info",
        "slope_method",
        f"Lereng dihitung dengan cara Horn dari {raster.name}, sel {size.replace('.', ',')} m{more_id}. Sel yang lebih "
        "besar membuat lereng tampak lebih landai.",
        f"Slopes by Horn's method from {raster.name}, cells of {size} m{more_en}. Larger cells make slopes look "
        "gentler.",
    )


def _compared(before: RegisteredRaster, after: RegisteredRaster) -> Finding:
    return Finding(
        "info",
        "compared_rasters",
        f"Perubahan adalah dari {before.name} ({before.year or '–'}) ke {after.name} ({after.year or '–'}).",
        f"Changes are from {before.name} ({before.year or '–'}) to {after.name} ({after.year or '–'}).",
    )


def _resampled(before: RegisteredRaster, after: RegisteredRaster) -> Finding:
    return Finding(
        "warning",
        "raster_resampled",
        f"Sel kedua raster tidak sama, jadi {after.name} dibaca pada sel {before.name} dari sel terdekat.",
        f"The cells of the two rasters differ, so {after.name} was read on the cells of {before.name}, nearest cell.",
    )


_NO_EARLIER = Finding(
    "info",
    "no_earlier_landcover",
    "Tidak ada raster tutupan lahan dari tahun yang lebih dahulu, jadi perubahannya tidak dapat dihitung.",
    "There is no land cover of an earlier year, so its change cannot be computed.",
)
_NOTHING_COMMON = Finding(
    "warning",
    "nothing_in_common",
    "Kedua raster tutupan lahan tidak memiliki sel bersama di wilayah ini, jadi perubahannya tidak dapat dihitung.",
    "The two rasters of land cover share no cell in this area, so its change cannot be computed.",
)
