"""The sheet of one project: its board, how far it is, its curve, money, milestones, photos and map on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import geopandas as gpd
from shapely.geometry import shape
from sqlalchemy import text

from app.errors import NotFound
from app.maps.queries import read_area_names
from app.photos.queries import PublicPhoto, public_photos
from app.progress.curve import Curve, planned_on, read_curve
from app.projects.queries import read_locations
from app.recorded import recorded
from app.reports.kinds.project_board import (
    board_table,
    day_words,
    milestone_table,
    progress_sentences,
    staff_table,
)
from app.reports.realisation import (
    NO_KEY,
    Portfolio,
    Tracked,
    amount,
    ask,
    fund_words,
    joined,
    read_contracts,
    read_where,
    rounded,
)
from app.reports.report import Chart, Class, Column, Content, MapView, Picture, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.constants import WGS84_SRID
from gis.figures import Figure, FigureContext, FigureInput, percent_figure, quantity_figure
from gis.progress import CurvePoint, planned_percent

WEEK = timedelta(days=7)
MOST_DAYS = 20  # on the axis of a curve; longer works are shown by several weeks
MOST_PHOTOS = 60  # looked at
MOST_PAIRS = 2  # of photos, before and now
PAYMENT_COLUMNS = "id, project_id, number, paid_on, kind, amount_idr, valid_from"
PAYMENT_WORDS = {
    "advance": Words("Uang muka", "Advance"),
    "instalment": Words("Termin", "Instalment"),
    "monthly": Words("Bulanan (MC)", "Monthly"),
    "final": Words("Pelunasan", "Final"),
    "retention": Words("Retensi", "Retention"),
    "other": Words("Lainnya", "Other"),
}
LOCATION_CLASSES = (
    Class("planned", "Lokasi rencana", "Planned location", "#5b6b7b", "short_dash"),
    Class("contracted", "Lokasi kontrak", "Contracted location", "#0f6fb5", "long_dash"),
    Class("built", "Lokasi terbangun", "Built location", "#1f7a4d"),
    Class("known", "Lokasi", "Location", "#0f6fb5"),
)


def compute(subject: Subject) -> Content:
    """
    Compute the sheet of a project.

    The public reads what the board at the site says, approved progress and published photos; numbers of SP2D, states
    of critical contracts and names of officers are the staff's.

    Raises
    ------
    NotFound
        When there is no such package, or was none at the moment.
    """
    portfolio, package = _read_package(subject, str(subject.settings["package"]))
    number, day = package.row["id"], subject.day
    session = subject.staff or subject.session
    contract = read_contracts(session, [package], subject.as_of, on=day).get(number)
    curve = read_curve(session, number, subject.as_of, today=day, end_date=package.row["end_date"])
    places = [*(package.row["village_codes"] or ()), *package.districts]
    names = read_area_names(session, places)
    agency, programme = portfolio.branch("unit", package), portfolio.branch("programme", package)
    board = board_table(
        package,
        contract,
        government=f"Pemerintah {_region_name(subject)}",
        agency=joined(label for key, label in agency if key != NO_KEY),
        programme=joined((f"{key} {label}" for key, label in programme if key != NO_KEY), "; "),
        place=", ".join(names.get(code, code) for code in places) or None,
    )
    tables = [
        board,
        _fund_table(subject, package),
        _progress_table(curve),
        milestone_table(subject, package, curve),
        staff_table(subject, package),
        _payment_table(subject, package),
    ]
    frames, maps = _map(subject, package)
    chart = _chart(curve)
    return Content(
        figures=_figures(subject, package, contract.value_idr if contract else package.row["contract_value_idr"]),
        tables=tuple(one for one in tables if one is not None),
        findings=tuple(progress_sentences(package, curve, day)),
        charts=(chart,) if chart else (),
        maps=maps,
        frames=frames,
        pictures=_pictures(subject, number),
        names={str(subject.settings["package"]): str(package.row["name"])},
        year=package.row["year"],
    )


def _read_package(subject: Subject, code: str) -> tuple[Portfolio, Tracked]:
    code = code.strip()
    if "\0" not in code:  # which the database cannot even be asked
        found = read_where(subject, "code = :code", code=code)
        packages = (*found.packages, *found.given_up)
        if packages:
            return replace(found, packages=packages, given_up=()), packages[0]
    raise NotFound(f"Paket dengan kode “{code[:60]}” tidak ada.", f"There is no package with the code “{code[:60]}”.")


def _region_name(subject: Subject) -> str:
    found: str = subject.session.execute(text("SELECT full_name FROM app.region")).scalar_one()
    return found


def _figures(subject: Subject, package: Tracked, contract_idr: Decimal | None) -> tuple[Figure, ...]:
    row, area = package.row, subject.area.code
    planned, physical = row["planned_percent"], row["physical_percent"]
    paid = sum((one for _on, one in package.payments), Decimal(0))
    deviation = None if planned is None or physical is None else physical - planned
    inputs = (FigureInput("projects", subject.states["projects"].version, 1),)
    context = FigureContext(area, row["progress_date"], inputs)
    money = replace(context, data_date=max((on for on, _paid in package.payments), default=None))
    query = urlencode({"as_of": subject.as_of.isoformat()}) if subject.as_of else ""
    url = f"/api/v1/projects/{quote(package.code, safe='')}" + (f"?{query}" if query else "")

    def quantity(name: str, value: Any, unit: str, about: FigureContext) -> Figure:
        shown = None if value is None else float(value)
        return quantity_figure(f"project.{name}", shown, area=area, unit=unit, context=about)

    whole = None if contract_idr is None else float(contract_idr)
    of_contract = _contract_paid(subject, row["id"]) if whole else None
    found = (
        quantity("planned", planned, "percent", context),
        quantity("physical", physical, "percent", context),
        quantity("deviation", deviation, "points", context),
        quantity("ceiling_idr", row["ceiling_idr"], "IDR", replace(context, data_date=None)),
        quantity("contract_value_idr", contract_idr, "IDR", replace(context, data_date=None)),
        quantity("paid_idr", paid, "IDR", money),
        percent_figure("project.paid_percent", of_contract, whole, area=area, context=money),
    )
    return tuple(replace(one, features_url=url) for one in found)


def _contract_paid(subject: Subject, number: int) -> float:
    """Return what was paid under the contract whose value the package shows; after a termination not all SP2D are."""
    session = subject.staff or subject.session
    statement = text("SELECT app.contract_paid(:id, CAST(:as_of AS timestamptz))")
    return float(session.execute(statement, {"id": number, "as_of": subject.as_of}).scalar_one())


# Money


def _fund_table(subject: Subject, package: Tracked) -> Table | None:
    """Return where the money comes from, by year; None where no sources are recorded."""
    source = recorded("fund", subject.as_of, columns="id, project_id, year, source, amount_idr")
    rows = ask(
        subject.staff or subject.session,
        f"SELECT year, source, amount_idr FROM {source} f WHERE project_id = :id ORDER BY year, source",
        subject.as_of,
        id=package.row["id"],
    )
    if not rows:
        return None
    columns = (Column("year", "Tahun anggaran", "Fiscal year", "text"), Column("amount_idr", "Jumlah", "Amount", "IDR"))
    total = sum((row["amount_idr"] for row in rows), Decimal(0))
    return Table(
        "funds",
        "Sumber dana",
        "Fund sources",
        columns,
        tuple(
            Row(
                f"{row['year']}-{row['source']}",
                (str(row["year"]), amount(row["amount_idr"])),
                fund_words(row["source"]),
            )
            for row in rows
        ),
        (None, amount(total)),
        by_area=False,
        row_head=Words("Sumber dana", "Fund source"),
    )


def _payment_table(subject: Subject, package: Tracked) -> Table | None:
    """Return the SP2D one by one, for the staff; None for the public, and where nothing was paid."""
    if subject.staff is None:
        return None
    source = recorded("payment", subject.as_of, columns=PAYMENT_COLUMNS)
    rows = ask(
        subject.staff,
        f"SELECT number, paid_on, kind, amount_idr FROM {source} m WHERE project_id = :id ORDER BY paid_on, id",
        subject.as_of,
        id=package.row["id"],
    )
    if not rows:
        return None
    columns = (
        Column("day", "Tanggal", "Day", "date"),
        Column("kind", "Jenis", "Kind", "text"),
        Column("amount_idr", "Jumlah", "Amount", "IDR"),
        Column("total_idr", "Kumulatif", "Cumulative", "IDR"),
    )
    total, shown = Decimal(0), []
    for row in rows:
        total += row["amount_idr"]
        cells = (row["paid_on"], PAYMENT_WORDS[row["kind"]], amount(row["amount_idr"]), amount(total))
        shown.append(Row(row["number"], cells, row["number"]))
    return Table(
        "payments",
        "Pembayaran (SP2D)",
        "Payments (SP2D)",
        columns,
        tuple(shown),
        (None, None, amount(total), None),
        by_area=False,
        row_head=Words("Nomor SP2D", "SP2D number"),
    )


# The curve


def _progress_table(curve: Curve) -> Table | None:
    """Return the last approved progress of each month; None without any."""
    if not curve.actual:
        return None
    last = {(one.day.year, one.day.month): one for one in curve.actual}
    columns = (
        Column("planned", "Rencana", "Plan", "percent"),
        Column("physical", "Realisasi", "Actual", "percent"),
        Column("deviation", "Deviasi", "Deviation", "points"),
    )
    rows = tuple(
        Row(
            one.day.isoformat(),
            (rounded(one.planned_percent), rounded(one.physical_percent), rounded(one.deviation_points)),
            day_words(one.day),
        )
        for one in last.values()
    )
    return Table(
        "progress",
        "Realisasi terakhir yang disetujui tiap bulan",
        "Last approved progress of each month",
        columns,
        rows,
        by_area=False,
        row_head=Words("Hari", "Day"),
    )


def _chart(curve: Curve) -> Chart | None:
    """Draw plan and actual by day; None where there is nothing to draw."""
    if curve.is_empty:
        return None
    days = _axis(curve)
    series = []
    if curve.versions:
        planned = tuple(rounded(planned_on(curve.versions, day)) for day in days)
        series.append(Series("planned", "Rencana", "Plan", planned, dashed=True))
        if len(curve.versions) > 1:
            first = tuple(rounded(planned_percent(curve.versions[0].points, day)) for day in days)
            series.append(Series("first_plan", "Rencana pertama", "First plan", first, dashed=True))
    if curve.actual:
        series.append(Series("physical", "Realisasi", "Actual", _actual_on(curve, days)))
    return Chart(
        "s_curve",
        "Kurva S",
        "S-curve",
        "line",
        "percent",
        labels=tuple(label for day in days if (label := day_words(day)) is not None),
        series=tuple(series),
    )


def _axis(curve: Curve) -> list[date]:
    """Return the days of the axis: whole weeks before and after the last report, and both ends of the works."""
    known = [point.day for version in curve.versions for point in version.points] + [one.day for one in curve.actual]
    begin, end = min(known), max(known)
    anchor = curve.latest.day if curve.latest else begin
    weeks = (end - begin).days // 7 + 1
    step = WEEK * (-(-weeks // MOST_DAYS))
    days = {begin, end, anchor}
    day = anchor - step * ((anchor - begin) // step)
    while day <= end:
        days.add(day)
        day += step
    return sorted(days)


def _actual_on(curve: Curve, days: Sequence[date]) -> tuple[float | None, ...]:
    """Return the actual of each day, linear between two reports; None after the last."""
    points = [CurvePoint(one.day, one.physical_percent) for one in curve.actual]
    starts = [version.points[0].day for version in curve.versions]
    if starts and min(starts) < points[0].day:
        points.insert(0, CurvePoint(min(starts), 0.0))
    return tuple(
        rounded(planned_percent(points, day)) if points[0].day <= day <= points[-1].day else None for day in days
    )


# Photos and places


def _pictures(subject: Subject, number: int) -> tuple[Picture, ...]:
    """Return how it was and how it is now, from the same view where there are such; only what is published."""
    photos = [
        one
        for one in public_photos(subject.session, number, limit=MOST_PHOTOS, as_of=subject.as_of)
        if one.taken_at is None or one.taken_at.astimezone(subject.zone).date() <= subject.day
    ]
    by_view: dict[int | None, list[PublicPhoto]] = {}
    for one in photos:
        by_view.setdefault(one.viewpoint_id, []).append(one)
    pairs = [views for view, views in by_view.items() if view is not None and len(views) > 1][:MOST_PAIRS]
    if not pairs and photos:
        pairs = [photos]
    found = []
    for views in pairs:
        before, now = views[0], views[-1]
        found += [_picture(subject, before, Words("Awal", "First"))] if before is not now else []
        found.append(_picture(subject, now, Words("Terbaru", "Newest")))
    return tuple(found)


def _picture(subject: Subject, photo: PublicPhoto, when: Words) -> Picture:
    said = [one for one in (photo.viewpoint, photo.caption) if one]
    behind = "".join(f" · {one}" for one in said)
    day = photo.taken_at.astimezone(subject.zone).date() if photo.taken_at else None
    return Picture(photo.hash, Words(f"{when.id}{behind}", f"{when.en}{behind}"), day)


def _map(subject: Subject, package: Tracked) -> tuple[dict[str, Any], tuple[MapView, ...]]:
    """Return the planned, contracted and built places (EPSG:4326), and their map; neither without a place."""
    found = read_locations(subject.session, package.row["id"], subject.as_of)
    kinds, geometries = [one.kind for one in found], [shape(one.geometry) for one in found]
    if not found:
        best = subject.frame("projects", ("code",), only={"code": [package.code]})
        geometries = [one for one in best.geometry if one is not None and not one.is_empty]
        kinds = ["known"] * len(geometries)  # type: ignore[list-item]
    if not geometries:
        return {}, ()
    frame = gpd.GeoDataFrame(
        {
            "code": [f"{package.code}-{number}" for number in range(1, len(kinds) + 1)],
            "name": [package.row["name"]] * len(kinds),
            "kind": kinds,
        },
        geometry=geometries,
        crs=WGS84_SRID,
    )
    classes = tuple(one for one in LOCATION_CLASSES if one.code in set(kinds))
    view = MapView(
        "places", "Lokasi pekerjaan", "Where the works are", "places", class_field="kind", classes=classes,
        over=("districts",),
    )  # fmt: skip
    return {"places": frame}, (view,)
