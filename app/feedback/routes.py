"""Reports of residents as pages and JSON: the form in two steps, its receipt, and what is public of all."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Row
from werkzeug.wrappers import Response as AnyResponse

from app.auth.permissions import public
from app.config import FeedbackLimits, PhotoLimits, Settings
from app.errors import InvalidInput, InvalidRequest, NotFound, message_of
from app.extensions import csrf, current_language, db, reader_session
from app.feedback import limits as flood
from app.feedback.forms import ReportForm, ReportInput, SendForm, VerdictInput
from app.feedback.pages import area_words, count_rows, next_sentence, object_link, similar_reports, written_place
from app.feedback.queries import (
    Subject,
    find_report_by_token,
    find_similar_reports,
    find_subject,
    get_report,
    is_in_region,
    is_public_photo,
    public_counts,
    public_reports,
    today_rules,
)
from app.feedback.service import (
    Place,
    SentReport,
    find_draft,
    find_place,
    hear_reporter,
    keep_draft,
    receive_report,
)
from app.feedback.words import CATEGORIES, STATES, label_of
from app.forms import FormState, caught, make_input, read_input
from app.links import canonical_url
from app.maps.home import browser_config
from app.ogc.forms import require_parameters
from app.photos.pictures import PhotoRefused, Picture, encode_jpeg, read_picture, too_large
from app.region import current_region
from app.storage import Storage
from gis.coordinates import read_coordinates

blueprint = Blueprint("feedback", __name__)

FLOODABLE = frozenset({"feedback.check", "feedback.send", "feedback.verdict", "feedback.post_report"})
SHORT_TEXT = 20  # shortest key that a link can hold
PREVIEW_PX, PREVIEW_QUALITY = 360, 70
DAY_SECONDS = 86_400


def init_app(app: Flask) -> None:
    """Count reports before anything of them is read, and offer those of a project to its page."""
    app.before_request_funcs.setdefault(None, []).insert(0, refuse_floods)
    app.jinja_env.globals["published_reports"] = published_reports
    app.jinja_env.globals["feedback_label"] = label_of


def refuse_floods() -> None:
    """Let no more reports in than are read, nor longer ones; a desk where staff write them down is not counted."""
    if request.endpoint not in FLOODABLE or request.method != "POST":
        return
    request.max_content_length = _limits().form_bytes
    if current_user.is_authenticated:
        return
    flood.refuse_flood(db.session, _subject(), _limits())
    db.session.commit()


@blueprint.after_app_request
def say_when_to_come_again(response: Response) -> Response:
    """Tell programs that were refused how long to wait."""
    if response.status_code == 429 and request.endpoint in FLOODABLE:
        response.headers.setdefault("Retry-After", "3600")
    return response


# The form


@blueprint.get("/report")
@public
def form() -> Response:
    """Show the form, for the project, road, park or place that the address names."""
    values = {name: request.args[name] for name in ("project", "road", "park") if request.args.get(name)}
    data = make_input(
        _Link, {**values, **{name: request.args[name] for name in ("lon", "lat") if request.args.get(name)}}
    )
    subject = find_subject(reader_session(), project=data.project, road=data.road, park=data.park)
    place = None if data.lon is None or data.lat is None else (data.lon, data.lat)
    return _form_page(FormState(ReportForm, {**values, "coordinates": written_place(place)}), subject)


class _Link(ReportInput):
    """What an address of the form names; nothing of it is required."""

    category: str = ""
    text: str = ""


@blueprint.post("/report")
@public
def check() -> Response | tuple[Response, int]:
    """Check what was written, and show it once more, with reports nearby, before it is sent."""
    state = FormState.of(ReportForm)
    subject = Subject()
    with caught(state):
        form = read_input(ReportForm)
        subject = find_subject(reader_session(), project=form.project, road=form.road, park=form.park)
        flood.refuse_machines(_secret(), form.opened, form.website, _limits())
        photo = _sent_photo(form.draft)
        picture = _read_photo(photo)
        data = _placed(form)
        place = _require_place(data, subject, picture)
        if photo is not None:
            flood.refuse_full_drafts(db.session, _limits())
        key = keep_draft(db.session, data.model_dump(exclude_none=True), photo, _known_key(form.draft))
        db.session.commit()
        return _check_page(key, data, subject, place, picture)
    return _form_page(state, subject), 422


@blueprint.post("/report/send")
@public
def send() -> AnyResponse:
    """Send what was checked; sent twice it is one report."""
    form = read_input(SendForm)
    if form.action == "edit":
        return _edit(form.draft)
    try:
        find_report_by_token(db.session, form.draft)
        return redirect(url_for("feedback.follow", token=form.draft), code=303)
    except NotFound:
        pass
    if _known_key(form.draft) is not None:
        _admit()
    draft = find_draft(db.session, form.draft, hours=_limits().draft_hours, take=True)
    if draft is None:
        raise InvalidRequest(
            "Laporan ini sudah lewat sehari sejak diperiksa dan tidak tersimpan lagi. Tulislah sekali lagi.",
            "A day has passed since this report was checked, and it is not kept any more. Please write it again.",
        )
    data = make_input(ReportInput, draft.content)
    sent = _receive(data, None if draft.photo is None else bytes(draft.photo), form.draft)
    db.session.commit()
    return redirect(url_for("feedback.follow", token=sent.token, sent=1), code=303)


# The receipt


@blueprint.get("/report/<token>")
@public
def follow(token: str) -> Response:
    """Show the state of a report to whoever has its link."""
    return _follow_page(token, FormState(VerdictInput))


@blueprint.post("/report/<token>/verdict")
@public
def verdict(token: str) -> AnyResponse | tuple[Response, int]:
    """Let the reporter say whether it is solved."""
    state = FormState.of(VerdictInput)
    with caught(state):
        data = read_input(VerdictInput)
        today, rules = today_rules(db.session)
        hear_reporter(db.session, find_report_by_token(db.session, token, locked=True), data, today=today, rules=rules)
        db.session.commit()
        return redirect(url_for("feedback.follow", token=token), code=303)
    return _follow_page(token, state), 422


# What is public


@blueprint.get("/feedback/public")
@public
def published() -> str:
    """Show how many reports stand where and how long answers took, and those that are published."""
    category, state = _choice("category", CATEGORIES), _choice("state", STATES)
    after = _after()
    listed = _limits().listed
    reports = public_reports(reader_session(), category=category, state=state, limit=listed + 1, after=after)
    table, total = count_rows(public_counts(reader_session()))
    return render_template(
        "feedback/public.html",
        reports=reports[:listed],
        next_url=_next_url("feedback.published", reports, listed, category=category, state=state),
        table=table,
        total=total,
        category=category,
        state=state,
        categories=CATEGORIES,
        states=STATES,
        is_first=after is None,
        canonical=canonical_url(),
    )


@blueprint.get("/feedback/photos/<file_hash>.jpg")
@public
def photo(file_hash: str) -> Response:
    """Answer the public's copy of a published photo; it may be taken back, so that caches keep it for a day only."""
    if not is_public_photo(reader_session(), file_hash):
        raise NotFound("Foto ini tidak ada, atau tidak lagi diterbitkan.", "There is no such photo, or no longer.")
    answer = send_file(_storage().path(file_hash), mimetype="image/jpeg", conditional=True, etag=file_hash)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = f"public, max-age={DAY_SECONDS}, immutable"
    return answer


@blueprint.get("/api/v1/feedback")
@public
def list_published() -> Response:
    """
    Answer the published reports as GeoJSON, the newest first: category, topic, state, answer, rounded place.

    Takes `category`, `state`, `project` (code), `limit`, and `after` from the link to the next part.
    """
    require_parameters(request.args, ("category", "state", "project", "limit", "after", "lang"))
    limit = min(request.args.get("limit", _limits().listed, type=int), 1000)
    if limit < 1:
        raise InvalidRequest("limit harus paling sedikit 1.", "limit must be at least 1.")
    category, state = _choice("category", CATEGORIES), _choice("state", STATES)
    project = find_subject(reader_session(), project=request.args.get("project", "").replace("\0", " ") or None)
    after = _after()
    rows = public_reports(
        reader_session(), project_id=project.id, category=category, state=state, limit=limit + 1, after=after
    )
    filters = {"category": category, "state": state, "project": project.code, "limit": limit}
    following = _next_url("feedback.list_published", rows, limit, _external=True, **filters)
    links = [{"rel": "self", "href": request.url}] + ([{"rel": "next", "href": following}] if following else [])
    answer = jsonify(
        type="FeatureCollection",
        numberReturned=len(rows[:limit]),
        links=links,
        features=[public_feature(row) for row in rows[:limit]],
    )
    answer.mimetype = "application/geo+json"
    answer.headers["Cache-Control"] = "public, no-cache"
    return answer


@blueprint.post("/api/v1/feedback")
@public
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF has no types
def post_report() -> tuple[Response, int]:
    """
    Receive a report; `photo` may be sent beside as a file.

    The answer holds the receipt's number and the address by which its state can be followed; both are told once.
    Reports of the same kind nearby are listed in `similar`. More than a few within an hour are answered with 429.
    """
    data = read_input(ReportInput)
    file = request.files.get("photo")
    photo = _content(file) if file is not None else None
    subject = find_subject(reader_session(), project=data.project, road=data.road, park=data.park)
    picture = _read_photo(photo)
    place = _require_place(data, subject, picture)
    similar = _similar(data, subject, place)
    _admit()
    sent = _receive(data, photo, None)
    db.session.commit()
    report = find_report_by_token(db.session, sent.token)
    answer = jsonify(
        number=sent.number,
        follow_url=url_for("feedback.follow", token=sent.token, _external=True),
        state=report.state,
        due_on=report.due_on.isoformat(),
        similar=[{"category": one.category, "state": one.state, "received_on": one.day.isoformat()} for one in similar],
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer, 201


def public_feature(row: Row[Any]) -> dict[str, Any]:
    """Return a published report as a GeoJSON feature."""
    geometry = None if row.lon is None else {"type": "Point", "coordinates": [row.lon, row.lat]}
    days = {
        name: getattr(row, name) and getattr(row, name).isoformat()
        for name in ("received_on", "answered_on", "ended_on")
    }
    return {
        "type": "Feature",
        "id": row.id,
        "geometry": geometry,
        "properties": {
            "category": row.category,
            "topic": row.topic,
            "state": row.state,
            "answer": row.answer,
            "rejected_reason": row.rejected_reason,
            "project": row.project_code,
            "road": row.road_code,
            "park": row.park_id,
            "district_codes": row.district_codes,
            "answered_days": row.answered_days,
            **days,
            "photo": row.public_photo_hash
            and url_for("feedback.photo", file_hash=row.public_photo_hash, _external=True),
            "demo": row.demo,
        },
    }


def published_reports(project_id: int) -> Sequence[Row[Any]]:
    """Return the newest published reports on a project, for its page."""
    return public_reports(reader_session(), project_id=project_id, limit=10)


# Parts of the views


def _placed(form: ReportForm) -> ReportInput:
    """Return what was told, with the typed place read."""
    data = ReportInput.model_construct(**form.model_dump(include=set(ReportInput.model_fields)))
    if not form.coordinates:
        return data
    found = read_coordinates(form.coordinates, current_region().bbox)
    if found is None:
        raise InvalidInput(
            {
                "coordinates": gettext(
                    "Koordinat tidak dapat dibaca. Tulis lintang lalu bujur, misalnya -3,05421; 103,20512."
                )
            }
        )
    return data.model_copy(update={"lon": found[0], "lat": found[1]})


def _require_place(data: ReportInput, subject: Subject, picture: Picture | None) -> Place | None:
    """Return where it is; refuse a report that tells no place in any way, or one far beyond the region."""
    place = find_place(data, subject, picture)
    bbox = current_region().bbox
    if place is not None and not is_in_region(place.point, bbox):
        if place.told_by == "typed":
            region = current_region().full_name
            raise InvalidInput({"coordinates": gettext("Letak itu di luar %(region)s.", region=region)})
        place = None  # what a photo says may be wrong
    if place is None and subject.kind == "place" and not data.place:
        raise InvalidInput({"place": gettext("Tulis di mana, misalnya nama jalan dan desa, atau tunjukkan di peta.")})
    return place


def _admit() -> None:
    """Count a report before the work on it begins, so that those that come at once wait for the count alone."""
    if not current_user.is_authenticated:
        flood.refuse_too_many_reports(db.session, _subject(), _limits())
        db.session.commit()


def _receive(data: ReportInput, photo: bytes | None, token: str | None) -> SentReport:
    """Keep a report; what is wrong with its photo is said beside it."""
    subject = find_subject(reader_session(), project=data.project, road=data.road, park=data.park)
    picture = _read_photo(photo)
    today, rules = today_rules(db.session)
    return receive_report(
        db.session,
        _storage(),
        data,
        subject,
        _require_place(data, subject, picture),
        photo,
        limits=_photo_limits(),
        time_zone=_time_zone(),
        today=today,
        rules=rules,
        token=token,
    )


def _similar(data: ReportInput, subject: Subject, place: Place | None) -> list[Any]:
    _today, rules = today_rules(db.session)
    rows = find_similar_reports(
        db.session, data.category, subject, place.point if place else None, rules, limit=_limits().similar
    )
    return similar_reports(rows, _time_zone())


def _form_page(state: FormState[ReportForm], subject: Subject, *, has_photo: bool = False) -> Response:
    opened = state.values.get("opened") if "" not in state.errors else None
    page = render_template(
        "feedback/form.html",
        state=state,
        subject=subject,
        categories=CATEGORIES.items(),
        opened=opened or flood.opened_now(_secret()),
        draft=_known_key(state.values.get("draft")),
        has_photo=has_photo,
        greatest_mb=_limits().photo_bytes // 1_000_000,
        config=_map_config(subject),
    )
    return _private(page)


def _map_config(subject: Subject) -> dict[str, Any]:
    """Return what the page's script must know to draw a map on which the place is shown."""
    return {
        **browser_config(reader_session(), request.args),
        "start": subject.point,
        "words": {
            "help": gettext(
                "Ketuk peta di tempat masalahnya. Dengan papan ketik: geser peta dengan panah, lalu Enter."
            ),
            "set": gettext("Letak dipilih: {place}"),
            "located": gettext("Letak Anda dipakai; tidak disimpan sebelum laporan dikirim."),
            "locate_failed": gettext("Letak Anda tidak dapat diketahui. Izinkan akses lokasi, atau ketuk peta."),
            "map_failed": gettext("Peta tidak dapat dimuat. Letak tetap dapat ditulis."),
            "photo": gettext("Foto dikecilkan di ponsel: {from} menjadi {to}."),
        },
    }


def _check_page(
    key: str, data: ReportInput, subject: Subject, place: Place | None, picture: Picture | None
) -> Response:
    preview = None
    if picture is not None:
        content = encode_jpeg(picture.view, longest_px=PREVIEW_PX, quality=PREVIEW_QUALITY)
        preview = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
    point = place.point if place else None
    page = render_template(
        "feedback/check.html",
        draft=key,
        data=data,
        subject=subject,
        place=place,
        written_place=written_place(point),
        area=area_words(reader_session(), point),
        category=CATEGORIES[data.category],
        similar=_similar(data, subject, place),
        preview=preview,
    )
    return _private(page)


def _edit(key: str) -> Response:
    """Show the form again with what was checked; its photo is kept."""
    draft = find_draft(db.session, key, hours=_limits().draft_hours)
    if draft is None:
        return make_response(redirect(url_for("feedback.form"), code=303))
    content = dict(draft.content)
    lon, lat = content.pop("lon", None), content.pop("lat", None)
    place = None if lon is None or lat is None else (lon, lat)
    subject = find_subject(
        reader_session(), project=content.get("project"), road=content.get("road"), park=content.get("park")
    )
    state = FormState(ReportForm, {**content, "coordinates": written_place(place), "draft": key})
    return _form_page(state, subject, has_photo=draft.photo is not None)


def _follow_page(token: str, state: FormState[VerdictInput]) -> Response:
    report = find_report_by_token(db.session, token)
    other = None if report.duplicate_of_id is None else get_report(db.session, report.duplicate_of_id)
    page = render_template(
        "feedback/follow.html",
        report=report,
        token=token,
        other=other,
        is_new=request.args.get("sent") == "1",
        state_label=STATES[report.state],
        category=CATEGORIES.get(report.category, report.category),
        about=object_link(report),
        following=next_sentence(report),
        follow_url=url_for("feedback.follow", token=token, _external=True),
        state=state,
    )
    return _private(page)


def _sent_photo(draft: str | None) -> bytes | None:
    """Return the photo of the form, else the one that came with its draft before."""
    file = request.files.get("photo")
    return _content(file) if file is not None and file.filename else _photo_of_draft(draft)


def _content(file: Any) -> bytes:
    """Return the bytes of a sent photo; of one that is too large not even those are read."""
    length = file.stream.seek(0, 2)
    file.stream.seek(0)
    if length > _limits().photo_bytes:
        raise InvalidInput({"photo": message_of(too_large(length, _photo_limits()), current_language())})
    content: bytes = file.stream.read()
    return content


def _read_photo(photo: bytes | None) -> Picture | None:
    if photo is None:
        return None
    try:
        return read_picture(photo, _photo_limits(), _time_zone())
    except PhotoRefused as error:
        raise InvalidInput({"photo": message_of(error, current_language())}) from error


def _photo_of_draft(key: str | None) -> bytes | None:
    draft = find_draft(db.session, key, hours=_limits().draft_hours) if _known_key(key) and key else None
    return None if draft is None or draft.photo is None else bytes(draft.photo)


def _known_key(key: Any) -> str | None:
    """Return the key of a draft that is there; never one that somebody made up."""
    if not isinstance(key, str) or len(key) < SHORT_TEXT:
        return None
    return key if find_draft(db.session, key, hours=_limits().draft_hours) is not None else None


def _choice(name: str, known: Any) -> str | None:
    value = request.args.get(name) or None
    if value is not None and value not in known:
        raise InvalidRequest(f"{name} ini tidak dikenal.", f"This {name} is unknown.")
    return value


def _after() -> int | None:
    """Return the report after which a list goes on; what is no such number begins at the newest."""
    after = request.args.get("after", type=int)
    return after if after is not None and 0 < after < 2**63 else None


def _next_url(endpoint: str, rows: Sequence[Row[Any]], shown: int, **args: Any) -> str | None:
    return url_for(endpoint, after=rows[shown - 1].id, **args) if len(rows) > shown else None


def _private(page: str) -> Response:
    """Return a page that no cache keeps and no search engine lists."""
    response = make_response(page)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _limits() -> FeedbackLimits:
    return _settings().feedback


def _photo_limits() -> PhotoLimits:
    return replace(_settings().photos, bytes=_limits().photo_bytes)


def _storage() -> Storage:
    return Storage.of(_settings())


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


def _subject() -> str:
    return flood.address_subject(_secret(), request.remote_addr)


def _time_zone() -> ZoneInfo:
    return ZoneInfo(current_region().time_zone)
