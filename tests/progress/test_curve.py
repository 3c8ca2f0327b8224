"""The S-curve: read as it is and as it was, drawn for people and screen readers, on the pages and as JSON."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.progress.curve import Curve, Observation, PlanVersion, planned_on, read_curve, version_on
from app.progress.curve_svg import NARROW, WIDE, curve_page, draw_curve, summary_of, table_rows
from gis.progress import CurvePoint, Forecast
from tests.helpers.factories import make_district, make_project, make_region
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import (
    contract_of,
    make_addendum,
    make_approved,
    make_baseline,
    make_contract,
    make_tracked_project,
)

SVG = "{http://www.w3.org/2000/svg}"
TODAY = date(2026, 11, 24)
START, END, LATER_END = date(2026, 5, 1), date(2026, 12, 15), date(2026, 12, 28)


@pytest.fixture
def package(connection: Connection) -> int:
    """A package with a first plan, one changed by an addendum, and eight weeks of approved progress."""
    make_region(connection)
    make_district(connection)
    project = make_tracked_project(connection, code="JLN-9", name="Jalan <Merdeka> & Jembatan")
    contract = contract_of(connection, project)
    make_baseline(connection, project, {START: 0.0, date(2026, 9, 1): 60.0, END: 100.0})
    make_baseline(
        connection,
        project,
        {START: 0.0, date(2026, 9, 1): 30.0, LATER_END: 100.0},
        sequence=2,
        in_force_from=date(2026, 9, 1),
        addendum_id=make_addendum(connection, contract),
    )
    for week in range(8):
        make_approved(connection, project, date(2026, 9, 28) + timedelta(weeks=week), 30.0 + 4 * week)
    make_approved(connection, project, TODAY, 99.0, state="submitted")
    return project


def curve_of(session: Session, project: int, as_of: datetime | None = None) -> Curve:
    return read_curve(session, project, as_of, today=TODAY)


# What is read


def test_each_day_is_judged_by_the_version_in_force_on_it(session: Session, package: int) -> None:
    curve = curve_of(session, package)
    days = [date(2026, 4, 1) + timedelta(days=7 * n) for n in range(45)]
    told = [session.scalar(text("SELECT app.planned_percent(:p, :day)"), {"p": package, "day": day}) for day in days]
    assert told == pytest.approx([planned_on(curve.versions, day) for day in days])
    assert [version.sequence for version in curve.versions] == [1, 2]
    assert curve.current is curve.versions[1]
    before = version_on(curve.versions, date(2026, 8, 31))
    assert before is curve.versions[0]


def test_only_approved_progress_is_in_the_curve(session: Session, package: int) -> None:
    curve = curve_of(session, package)
    assert [one.physical_percent for one in curve.actual] == [30.0 + 4 * week for week in range(8)]
    latest = curve.latest
    assert latest is not None
    assert latest.planned_percent == pytest.approx(30 + 70 * 76 / 118)  # 1 September to 16 November of 118 days
    assert latest.deviation_points == pytest.approx(58 - latest.planned_percent)


def test_forecast_extends_the_last_weeks(session: Session, package: int) -> None:
    """42 points at 4 a week: ten and a half weeks after 16 November."""
    curve = curve_of(session, package)
    day = date(2026, 11, 16) + timedelta(days=74)
    assert curve.forecast == Forecast(day, day, day)


def test_another_contract_begins_anew(connection: Connection, session: Session, package: int) -> None:
    old = contract_of(connection, package)
    connection.execute(
        text(
            "UPDATE app.contract SET state = 'terminated', ended_on = '2026-11-20', end_reason = 'Putus' WHERE id = :old"
        ),
        {"old": old},
    )
    make_contract(connection, package, signed_on=date(2026, 11, 21), start_date=date(2026, 11, 21))
    make_approved(connection, package, date(2026, 11, 23), 1.0)
    curve = curve_of(session, package)
    assert curve.forecast is not None
    assert curve.forecast.latest is None, "one figure of the new contract tells no rate"
    assert draw_curve(curve, "x").count('class="curve-actual"') == 2


def test_curve_as_it_was_recorded(committed_app: Flask) -> None:
    """Plans and figures of later moments are not seen; those corrected since are seen as they were."""
    from app.extensions import db

    with committed_app.app_context():
        connection = db.session.connection()
        make_region(connection)
        project = make_tracked_project(connection, code="JLN-10")
        make_baseline(connection, project, {START: 0.0, END: 100.0})
        update = make_approved(connection, project, date(2026, 9, 1), 40.0)
        db.session.commit()
        time.sleep(0.02)
        moment = datetime.now(UTC)
        time.sleep(0.02)
        connection = db.session.connection()
        connection.execute(text("UPDATE app.progress_update SET physical_percent = 35 WHERE id = :id"), {"id": update})
        make_baseline(connection, project, {START: 0.0, LATER_END: 100.0}, sequence=2, in_force_from=date(2026, 9, 5))
        db.session.commit()
        then, now = curve_of(db.session, project, moment), curve_of(db.session, project)
        assert [one.physical_percent for one in then.actual] == [40.0]
        assert [one.physical_percent for one in now.actual] == [35.0]
        assert (len(then.versions), len(now.versions)) == (1, 2)
        before = curve_of(db.session, project, moment - timedelta(days=1))
        assert before.is_empty
    public = committed_app.test_client()
    answer = public.get("/api/v1/projects/JLN-10/curve", query_string={"as_of": moment.isoformat()})
    assert [one["physical_percent"] for one in answer.json["actual"]] == [40.0]


def test_public_reads_nothing_else_of_an_update(reader_connection: Connection) -> None:
    reader_connection.execute(text("SELECT day, physical_percent FROM app.public_progress"))
    for statement in (
        "SELECT author FROM app.public_progress",
        "SELECT physical_percent FROM app.progress_update",
        "SELECT physical_percent FROM history.progress_update",
        "SELECT note FROM app.baseline",
        "SELECT changed_by FROM app.baseline",
    ):
        savepoint = reader_connection.begin_nested()
        with pytest.raises(ProgrammingError):
            reader_connection.execute(text(statement))
        savepoint.rollback()


# The picture


def version(points: list[tuple[date, float]], sequence: int = 1) -> PlanVersion:
    in_force = points[0][0] if sequence == 1 else date(2026, 9, 1)
    return PlanVersion(
        sequence, 1, None, sequence, in_force, "week", datetime.now(UTC), tuple(CurvePoint(*point) for point in points)
    )


PLAN = version([(START, 0.0), (date(2026, 9, 1), 40.0), (END, 100.0)])


def seen(day: date, percent: float, planned: float | None = None) -> Observation:
    return Observation(day, percent, planned, 1)


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize(
    "curve",
    [
        Curve((PLAN,), (), None, TODAY, END),
        Curve((), (seen(TODAY, 20.0),), Forecast(END, END, None), TODAY, END),
        Curve((PLAN,), (seen(START, 1.0),), Forecast(END, END, None), date(2035, 1, 1), END),
        Curve((PLAN,), (seen(TODAY, 100.0, 90.0),), Forecast(TODAY, TODAY, TODAY), TODAY, END),
        Curve((PLAN,), (seen(START, 0.0), seen(TODAY, 0.4, 90.0)), Forecast(END, date(2090, 1, 1), None), TODAY, END),
        Curve((version([(START, 100.0)]),), (), None, START, START),
        Curve((version([(date(2000, 1, 1), 0.0), (date(2040, 1, 1), 100.0)]),), (), None, TODAY, None),
    ],
)
def test_every_curve_can_be_drawn_within_its_picture(app: Flask, curve: Curve, size: tuple[int, int]) -> None:
    with app.test_request_context("/"):
        root = ElementTree.fromstring(draw_curve(curve, "Paket", size=size, standalone=True))
        summary = summary_of(curve)
    assert root.get("role") == "img"
    ids = (root.get("aria-labelledby") or "").split()
    assert [root.findtext(f".//*[@id='{one}']") for one in ids] == ["Kurva S: Paket", summary]
    for label in root.iter(f"{SVG}text"):
        assert 0 <= float(label.get("x") or -1) <= size[0]
        assert 0 <= float(label.get("y") or -1) <= size[1]
    months = [float(label.get("x") or 0) for label in root.iter(f"{SVG}text") if label.get("text-anchor") == "middle"]
    assert len(months) <= 2 * size[0] / 40
    assert not [one for one in root.iter() if one.get("style")], "no inline style passes the policy of pages"


def test_points_of_the_picture_lie_where_their_numbers_are(app: Flask) -> None:
    """Read back from the picture: the plan's own points, by the grid and the first and last day."""
    with app.test_request_context("/"):
        root = ElementTree.fromstring(draw_curve(Curve((PLAN,), (), None, TODAY, END), "x", standalone=True))
    heights = sorted(
        float(re.fullmatch(r"M\S+ (\S+)H\S+", path.get("d") or "")[1])  # type: ignore[index]
        for path in root.iter(f"{SVG}path")
        if "H" in (path.get("d") or "")
    )
    line = next(one for one in root.iter(f"{SVG}polyline") if one.get("class") == "curve-plan")
    points = [tuple(map(float, pair.split(","))) for pair in (line.get("points") or "").split()]
    top, bottom = heights[0], heights[-1]
    assert [round(100 * (bottom - y) / (bottom - top)) for _x, y in points] == [0, 40, 100]
    left, right = points[0][0], points[-1][0]
    assert (points[1][0] - left) / (right - left) == pytest.approx(123 / 228, abs=0.002)  # days since 1 May


def test_names_cannot_bring_markup(app: Flask) -> None:
    with app.test_request_context("/"):
        drawn = draw_curve(Curve((PLAN,), (), None, TODAY, END), '<script>alert(1)</script> & "x"', standalone=True)
    assert "<script" not in drawn
    ElementTree.fromstring(drawn)


def test_summary_says_what_the_picture_shows(app: Flask) -> None:
    curve = Curve(
        (PLAN,),
        (seen(date(2026, 11, 15), 48.2, 62.0),),
        Forecast(date(2027, 1, 4), date(2027, 1, 26), date(2027, 2, 9)),
        TODAY,
        END,
    )
    with app.test_request_context("/"):
        said = summary_of(curve)
    assert "Realisasi 48,2% per 15 November 2026." in said
    assert "Rencana hari itu 62,0%: tertinggal 13,8 poin persen." in said
    assert "26 Januari 2027, antara 4 Januari 2027 dan 9 Februari 2027" in said


def test_table_holds_every_point_of_plan_and_actual(app: Flask, session: Session, package: int) -> None:
    curve = curve_of(session, package)
    rows = {row.day: row for row in table_rows(curve)}
    assert rows[LATER_END].planned == 100
    assert rows[date(2026, 11, 16)].physical == 58
    assert rows[date(2026, 11, 16)].deviation == pytest.approx(58 - (30 + 70 * 76 / 118))
    assert len(rows) == 3 + 8
    with app.test_request_context("/"):
        page = curve_page(curve, "x")
    assert page is not None
    assert page.has_older
    assert page.has_forecast


# The pages


def test_public_page_shows_the_curve(client: FlaskClient, package: int) -> None:
    page = client.get("/projects/JLN-9").text
    assert page.count('<svg class="curve" role="img"') == 2
    assert "Jalan &lt;Merdeka&gt; &amp; Jembatan" in page
    assert "<Merdeka>" not in page
    assert page.count("<tr>") >= 11
    assert "99,00%" not in page, "a figure that nobody approved is nobody's business yet"
    ids = re.findall(r'\bid="(curve[^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_page_without_plan_and_progress_has_no_curve(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    make_project(connection, code="KOSONG-1")
    page = client.get("/projects/KOSONG-1").text
    assert 'class="curve"' not in page
    assert "Papan proyek" in page
    assert client.get("/projects/KOSONG-1/curve.svg").status_code == 404


def test_picture_of_its_own_for_everybody(client: FlaskClient, package: int) -> None:
    answer = client.get("/projects/JLN-9/curve.svg?lang=en")
    assert answer.mimetype == "image/svg+xml"
    root = ElementTree.fromstring(answer.data)
    assert "Actual" in (root.findtext(f"{SVG}desc") or "") or "Realisasi" in (root.findtext(f"{SVG}desc") or "")
    assert "prefers-color-scheme" in answer.text
    again = client.get("/projects/JLN-9/curve.svg?lang=en", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/projects/TIDAK-ADA/curve.svg").status_code == 404


def test_curve_as_json(client: FlaskClient, package: int) -> None:
    found = client.get("/api/v1/projects/JLN-9/curve").json
    assert [one["sequence"] for one in found["plan_versions"]] == [1, 2]
    assert [one["is_current"] for one in found["plan_versions"]] == [False, True]
    assert found["actual"][-1]["physical_percent"] == 58.0
    assert found["end_date"] == "2026-12-28"
    assert set(found["forecast"]) == {"earliest", "expected", "latest"}
    assert "author" not in str(found)


def test_staff_picture_is_for_staff(app: Flask, client: FlaskClient, connection: Connection, package: int) -> None:
    assert client.get("/packages/JLN-9/curve.svg").status_code in {302, 401}
    leader = sign_in(app.test_client(), make_account(connection, "leader"))
    assert leader.get("/packages/JLN-9/curve.svg").mimetype == "image/svg+xml"
    elsewhere = sign_in(app.test_client(), make_account(connection, "leader", area="16.06"))
    assert elsewhere.get("/packages/JLN-9/curve.svg").status_code == 403
