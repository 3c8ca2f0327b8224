"""Those who answer: the clock, each step, closing with proof and a second person or the reporter's yes, publication."""

from __future__ import annotations

import csv
import datetime as dt
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.feedback.clock import add_working_days, working_days_between
from app.feedback.export import COLUMNS
from app.feedback.pages import count_rows
from app.feedback.service import rounded_place
from app.feedback.tasks import forget
from tests.feedback.conftest import only_report, report_problem
from tests.helpers.factories import make_project
from tests.helpers.people import make_account, sign_in
from tests.helpers.pictures import jpeg

MONDAY = dt.date(2026, 11, 23)


@pytest.fixture
def receipt(visitor: FlaskClient) -> str:
    """The address of a report's receipt, without the thanks."""
    return report_problem(visitor, contact="budi@contoh.id", photo=(BytesIO(jpeg()), "a.jpg")).partition("?")[0]


@pytest.fixture
def reviewer(site: Flask, connection: Connection) -> FlaskClient:
    return sign_in(site.test_client(), make_account(connection, "reviewer"))


@pytest.fixture
def second(site: Flask, connection: Connection) -> FlaskClient:
    return sign_in(site.test_client(), make_account(connection, "administrator"))


def take(client: FlaskClient, step: str, **values: Any) -> Any:
    """Take a step with the only report, as its page would now."""
    report = only_report(client.application)
    return client.post(f"/feedback/{report.id}/{step}", data={"version": report.version, **values})


def verify(client: FlaskClient, **values: Any) -> Any:
    return take(client, "verification", **{"category": "road_damage", "follow_up": "complaint", **values})


def prove(client: FlaskClient, content: bytes | None = None, name: str = "bukti.jpg") -> Any:
    return take(client, "proof", file=(BytesIO(jpeg(seed=4) if content is None else content), name))


def answered(client: FlaskClient) -> None:
    assert verify(client).status_code == 303
    assert take(client, "work").status_code == 303
    assert take(client, "answer", answer="Lubang ditambal 20 November.").status_code == 303


@pytest.mark.parametrize(
    ("days", "due"),
    [(0, "2026-11-23"), (3, "2026-11-26"), (5, "2026-11-30"), (14, "2026-12-11"), (60, "2027-02-15")],
)
def test_clock_counts_working_days(days: int, due: str) -> None:
    end = add_working_days(MONDAY, days)
    assert end.isoformat() == due
    assert working_days_between(MONDAY, end) == days


def test_clock_from_a_weekend_and_backwards() -> None:
    saturday = dt.date(2026, 11, 21)
    assert add_working_days(saturday, 1) == MONDAY
    assert working_days_between(saturday, saturday + dt.timedelta(days=1)) == 0
    assert working_days_between(MONDAY, saturday) == 0
    assert [working_days_between(MONDAY, MONDAY + dt.timedelta(days=n)) for n in (4, 5, 6, 7, 14)] == [4, 4, 4, 5, 10]


def test_report_goes_from_receipt_to_closing_by_a_second_person(
    visitor: FlaskClient, receipt: str, reviewer: FlaskClient, second: FlaskClient
) -> None:
    verified = verify(reviewer, follow_up="oversight")
    assert verified.status_code == 303
    report = only_report(reviewer.application)
    assert report.due_on == add_working_days(dt.datetime.now(ZoneInfo("Asia/Jakarta")).date(), 60)
    assert take(reviewer, "work").status_code == 303
    assert take(reviewer, "answer", answer="Lubang ditambal.").status_code == 303
    assert only_report(reviewer.application).due_on is None
    assert "Lubang ditambal." in visitor.get(receipt).get_data(as_text=True)

    assert take(second, "closing").status_code == 422  # no proof yet
    assert prove(reviewer).status_code == 303
    alone = take(reviewer, "closing")
    assert alone.status_code == 422
    assert "Orang kedua" in alone.get_data(as_text=True)
    assert take(second, "closing").status_code == 303
    report = only_report(reviewer.application)
    assert (report.state, report.closed_how) == ("closed", "second_person")
    assert "ditutup dengan bukti" in visitor.get(receipt).get_data(as_text=True)
    assert visitor.post(f"{receipt}/verdict", data={"verdict": "not_solved"}).status_code == 422


def test_reporter_closes_what_has_proof_and_opens_again_what_is_not_solved(
    visitor: FlaskClient, receipt: str, reviewer: FlaskClient
) -> None:
    answered(reviewer)
    sent = visitor.post(f"{receipt}/verdict", data={"verdict": "not_solved", "words": "Masih berlubang <b>"})
    assert sent.status_code == 303
    report = only_report(reviewer.application)
    assert (report.state, report.reporter_words) == ("in_work", "Masih berlubang <b>")
    assert report.due_on is not None
    take(reviewer, "answer", answer="Ditambal lagi.")
    assert visitor.post(f"{receipt}/verdict", data={"verdict": "solved"}).status_code == 303
    assert only_report(reviewer.application).state == "answered"  # nothing shows it yet
    assert prove(reviewer).status_code == 303
    report = only_report(reviewer.application)
    assert (report.state, report.closed_how) == ("closed", "reporter")


def test_database_closes_nothing_without_proof_or_by_one_person(connection: Connection, receipt: str) -> None:
    for change in (
        "state = 'closed', answer = 'x', closed_how = 'second_person', closed_by = 'a', proof_by = 'b'",
        "state = 'closed', answer = 'x', closed_how = 'second_person', closed_by = 'a', proof_by = 'a', proof_hash = 'x'",
        "state = 'closed', answer = 'x', proof_hash = 'x'",
        "published = true",
        "state = 'duplicate', duplicate_of_id = id",
    ):
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text(f"UPDATE app.feedback_report SET {change}"))


def test_proof_is_known_by_its_content(receipt: str, reviewer: FlaskClient) -> None:
    answered(reviewer)
    for content in (b"", b"MZ\x90", b"<html><script>alert(1)</script>"):
        assert prove(reviewer, content, "bukti.pdf").status_code == 422
    assert prove(reviewer, b"%PDF-1.7 x", "../../<script>.exe").status_code == 303
    report = only_report(reviewer.application)
    kept = reviewer.get(f"/feedback/{report.id}/proof")
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert "<" not in report.proof_name
    assert "/" not in report.proof_name


def test_rejection_and_duplicate_tell_the_reporter_why(
    visitor: FlaskClient, receipt: str, reviewer: FlaskClient, connection: Connection
) -> None:
    first = only_report(reviewer.application)
    other = report_problem(visitor, text="Jalan berlubang di depan pasar.").partition("?")[0]
    second_id = connection.scalar(text("SELECT max(id) FROM app.feedback_report"))

    def step(which: str, **values: Any) -> int:
        return int(reviewer.post(f"/feedback/{second_id}/{which}", data={"version": 1, **values}).status_code)

    assert step("duplicate", number="L-1999-000001") == 422
    assert step("rejection") == 422
    assert step("duplicate", number=first.number.lower()) == 303
    assert "sama dengan laporan lain" in visitor.get(other).get_data(as_text=True)
    rejected = reviewer.post(f"/feedback/{first.id}/rejection", data={"version": 1, "reason": "Jalan provinsi."})
    assert rejected.status_code == 303
    assert "Jalan provinsi." in visitor.get(receipt).get_data(as_text=True)
    assert "Jalan provinsi." in visitor.get(other).get_data(as_text=True)


def test_step_on_an_older_version_changes_nothing(receipt: str, reviewer: FlaskClient) -> None:
    verify(reviewer)
    report = only_report(reviewer.application)
    late = reviewer.post(f"/feedback/{report.id}/answer", data={"version": 1, "answer": "Terlambat."})
    assert late.status_code == 409
    assert only_report(reviewer.application).answer is None


def test_list_shows_overdue_first_and_filters(
    visitor: FlaskClient, receipt: str, reviewer: FlaskClient, connection: Connection
) -> None:
    report_problem(visitor, text="Saluran tersumbat sampah.", category="flooding")
    connection.execute(text("UPDATE app.feedback_report SET due_on = '2026-01-02' WHERE category = 'flooding'"))
    page = reviewer.get("/feedback").get_data(as_text=True)
    assert page.index("Saluran tersumbat") < page.index("Lubang besar")
    assert "lewat batas" in page
    only = reviewer.get("/feedback?overdue=1&q=SALURAN&state=received").get_data(as_text=True)
    assert "Saluran tersumbat" in only
    assert "Lubang besar" not in only
    assert reviewer.get("/feedback?state=hilang").status_code == 400
    assert reviewer.get("/feedback?page=999999999999&q=%25'--").status_code == 200
    listed = reviewer.get("/api/v1/feedback/reports?overdue=1").get_json()
    assert [row["category"] for row in listed["reports"]] == ["flooding"]


def test_contact_is_for_those_who_answer_alone(
    site: Flask, receipt: str, reviewer: FlaskClient, connection: Connection
) -> None:
    report = only_report(site)
    assert "budi@contoh.id" in reviewer.get(f"/feedback/{report.id}").get_data(as_text=True)
    leader = sign_in(site.test_client(), make_account(connection, "leader"))
    seen = leader.get(f"/feedback/{report.id}")
    assert seen.status_code == 200
    assert "budi@contoh.id" not in seen.get_data(as_text=True)
    assert leader.get(f"/feedback/{report.id}/photo/view").status_code == 200
    assert leader.get(f"/feedback/{report.id}/photo/original").status_code == 403
    assert leader.get("/feedback/sp4n-lapor.csv").status_code == 403
    assert take(leader, "work").status_code == 403
    trail = connection.scalars(text("SELECT old::text || new::text FROM app.audit")).all()
    kept = connection.scalars(text("SELECT row_to_json(h)::text FROM history.feedback_report h")).all()
    assert not any("budi@contoh.id" in str(row) for row in [*trail, *kept])
    assert site.test_client().get(f"/feedback/{report.id}").status_code == 302


def test_ppk_answers_for_his_own_packages(site: Flask, visitor: FlaskClient, connection: Connection) -> None:
    his, other = make_account(connection, "ppk"), make_account(connection, "ppk")
    make_project(connection, code="P-MINE", ppk_id=his.id)
    report_problem(visitor, project="P-MINE")
    assert verify(sign_in(site.test_client(), other)).status_code == 403
    assert verify(sign_in(site.test_client(), his)).status_code == 303
    assert take(sign_in(site.test_client(), his), "assignment", account_id=other.id).status_code == 303
    assert take(sign_in(site.test_client(), other), "work").status_code == 303


def test_public_reads_topic_and_rounded_place_never_words_or_photo_as_it_came(
    visitor: FlaskClient, receipt: str, reviewer: FlaskClient, connection: Connection
) -> None:
    nothing = visitor.get("/api/v1/feedback")
    assert nothing.status_code == 200, nothing.get_data(as_text=True)
    assert nothing.get_json()["features"] == []
    answered(reviewer)
    assert take(reviewer, "publication", action="publish").status_code == 422  # no topic
    blurred = {"blur_left": "10", "blur_top": "10", "blur_width": "30", "blur_height": "30"}
    published = take(reviewer, "publication", action="publish", topic="Lubang <i>", with_photo="true", **blurred)
    assert published.status_code == 303
    page = visitor.get("/feedback/public").get_data(as_text=True)
    answer = visitor.get("/api/v1/feedback").get_data(as_text=True)
    for seen in (page, answer):
        for secret in ("Lubang besar", "budi@contoh.id", "reviewer", "102.95,", receipt.rpartition("/")[2]):
            assert secret not in seen
    assert "Lubang &lt;i&gt;" in page
    assert "tidak disebut" in page  # one report is too few to be counted
    feature = visitor.get("/api/v1/feedback").get_json()["features"][0]
    assert feature["geometry"]["coordinates"] == list(rounded_place((102.95, -3.15), 500))
    report = only_report(reviewer.application)
    assert visitor.get(f"/feedback/photos/{report.public_photo_hash}.jpg").status_code == 200
    for private in (report.photo_hash, report.photo_view_hash, report.proof_hash, "0" * 64):
        assert visitor.get(f"/feedback/photos/{private}.jpg").status_code == 404
    assert take(reviewer, "publication", action="withhold").status_code == 303
    assert visitor.get("/api/v1/feedback").get_json()["features"] == []
    assert visitor.get(f"/feedback/photos/{report.public_photo_hash}.jpg").status_code == 404


def test_reader_role_reads_published_reports_only(connection: Connection, receipt: str) -> None:
    readable = connection.scalars(
        text("""
            SELECT table_name FROM information_schema.table_privileges
            WHERE grantee = 'petakarya_reader' AND table_name LIKE '%feedback%'
        """)
    )
    assert set(readable) == {"public_feedback", "public_feedback_count"}


def test_place_is_rounded_to_the_rule() -> None:
    lon, lat = rounded_place((102.951234, -3.148765), 500)
    step = 500 / 111_320
    assert abs(lon - 102.951234) <= step / 2
    assert abs(lat + 3.148765) <= step / 2
    assert rounded_place((lon, lat), 500) == (lon, lat)


def test_small_counts_are_untold_and_cannot_be_worked_out(
    visitor: FlaskClient, receipt: str, connection: Connection
) -> None:
    copy = """
        INSERT INTO app.feedback_report (number, token_hash, category, follow_up, body, state, answer, answered_days)
        SELECT category || n, category || n, category, 'complaint', 'x', 'answered', 'x', n
        FROM (VALUES ('danger', 6), ('park', 7), ('other', 5)) AS kinds(category, most), generate_series(1, most) n
    """
    connection.execute(text(copy))
    rows = connection.execute(text("SELECT * FROM app.public_feedback_count")).all()
    found = {row.category: row for row in rows}
    assert found["road_damage"].reports is None
    assert (found["park"].reports, found["park"].answered, found["park"].median_days) == (7, 7, 4)
    assert found[None].reports == 19
    table, total = count_rows(rows)
    assert total is not None
    assert total.reports is None  # 19 less the told 18 would tell the one
    page = visitor.get("/feedback/public").get_data(as_text=True)
    assert ">19<" not in page
    assert len(table) == 4


def test_export_has_its_columns_and_nothing_that_runs_or_names(
    visitor: FlaskClient, receipt: str, reviewer: FlaskClient
) -> None:
    report_problem(visitor, text='=HYPERLINK("http://x") ; dan\nbaris kedua', category="question")
    answer = reviewer.get("/feedback/sp4n-lapor.csv")
    content = answer.get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(content), delimiter=";"))
    assert list(rows[0]) == [name for name, _value in COLUMNS]
    assert len(rows) == 2
    assert rows[1]["isi_laporan"].startswith("'=HYPERLINK")
    assert rows[1]["klasifikasi"] == "PERMINTAAN INFORMASI"
    assert rows[0]["kode_wilayah"] == "16.05.09"
    assert "budi@contoh.id" not in content


def test_what_need_not_be_remembered_is_forgotten(
    visitor: FlaskClient, receipt: str, site: Flask, connection: Connection
) -> None:
    from tests.feedback.conftest import fields

    visitor.post("/report", data=fields(site))
    connection.execute(text("UPDATE app.feedback_draft SET made_at = now() - interval '2 days'"))
    connection.execute(text("UPDATE app.feedback_attempt SET attempted_at = now() - interval '2 hours'"))
    connection.execute(
        text(
            "UPDATE app.feedback_report SET state = 'rejected', rejected_reason = 'x', ended_at = now() - interval '91 days'"
        )
    )
    with site.app_context():
        forget(db.session, draft_hours=24)
        db.session.commit()
    for table in ("feedback_draft", "feedback_attempt", "feedback_contact"):
        assert connection.scalar(text(f"SELECT count(*) FROM app.{table}")) == 0


def test_untold_part_of_a_row_is_not_what_is_left_of_it(receipt: str, connection: Connection) -> None:
    copy = """
        INSERT INTO app.feedback_report (number, token_hash, category, follow_up, body, state, answer)
        SELECT category || n, category || n, category, 'complaint', 'x', CASE WHEN n <= open THEN 'received' ELSE 'answered' END, 'x'
        FROM (VALUES ('danger', 20, 3), ('park', 10, 0), ('other', 9, 2), ('road_damage', 9, 0)) AS kinds(category, most, open),
            generate_series(1, most) n
    """
    connection.execute(text(copy))
    table, total = count_rows(connection.execute(text("SELECT * FROM app.public_feedback_count")).all())
    told = {row.reports: (row.open, row.answered, row.rejected) for row in table}
    assert told[20] == told[9] == (None, None, None)
    assert told[10] == (0, 10, 0)  # 0 tells nobody
    assert total is not None
    assert (total.reports, total.open) == (49, 6)
    fewer = [
        row for row in connection.execute(text("SELECT * FROM app.public_feedback_count")) if row.category != "other"
    ]
    table, total = count_rows([row for row in fewer if row.category != "road_damage"])
    assert total is not None
    assert (total.open, total.answered) == (None, None)
