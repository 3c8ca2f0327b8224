"""Feeds and calendars of what people follow; addresses are for programs, so that nothing is kept of who asks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext
from sqlalchemy import text

from app.config import Settings
from app.errors import InvalidRequest
from app.exports.terms import terms_of
from app.extensions import current_language, reader_session
from app.feeds.atom import MEDIA_TYPE, Feed, FeedEntry, write_feed
from app.feeds.events import Event, heading_of, kind_label, read_events, read_milestones, sentences_of
from app.feeds.ical import CalendarEvent
from app.feeds.ical import calendar as write_calendar
from app.feeds.scope import SCOPE_PARAMETERS, Scope, require_known, title_of
from app.maps.home import today
from app.maps.queries import read_area_names
from app.ogc.forms import require_parameters
from app.region import current_region

blueprint = Blueprint("feeds", __name__)

FRESH = "public, max-age=300"  # programs ask every few minutes; news of works is of days
PAST_DAYS = 365  # of a calendar: what should have happened longer ago is of no use in it
TAG_YEAR = "2026"  # in which the names of entries were first given; they never change


@blueprint.get("/feeds/projects.atom")
def atom() -> Response:
    """Answer what happened to the projects of a filter, a project, a road or a drawn area, as an Atom feed."""
    require_parameters(request.args, (*SCOPE_PARAMETERS, "limit", "lang"))
    scope = requested_scope()
    events = read_events(reader_session(), scope, limit=requested_limit())
    region = current_region()
    title = title_of(reader_session(), scope)
    feed = Feed(
        id=tag("?".join(filter(None, ("feed", urlencode(sorted_args(scope), doseq=True))))),
        title=gettext("%(what)s · pekerjaan umum %(region)s", what=title, region=region.full_name),
        subtitle=gettext("Kemajuan yang disetujui, status, kontrak dan perubahannya."),
        language=current_language(),
        author=gettext("Pemerintah %(region)s", region=region.full_name),
        rights=terms_of("projects"),
        link=page_of(scope),
        self_link=request.url,
        updated=max((event.at for event in events), default=register_changed_at()),
        entries=[entry_of(event) for event in events],
    )
    return kept_answer(write_feed(feed), MEDIA_TYPE)


@blueprint.get("/feeds/projects.ics")
def calendar() -> Response:
    """Answer the planned ends and hand-overs of the projects of a scope as a calendar to subscribe to."""
    require_parameters(request.args, (*SCOPE_PARAMETERS, "lang"))
    scope, session = requested_scope(), reader_session()
    settings: Settings = current_app.config["SETTINGS"]
    since = today(current_region().time_zone) - timedelta(days=PAST_DAYS)
    found = read_milestones(session, scope, since=since, limit=settings.feeds.calendar_days)
    names = read_area_names(session, list({one.district for one in found if one.district}))
    titles = {
        "end": gettext("Akhir masa pelaksanaan dan serah terima pertama (PHO)"),
        "maintenance": gettext("Akhir masa pemeliharaan dan serah terima akhir (FHO)"),
    }
    days = (
        CalendarEvent(
            uid=f"{one.kind}-{one.project_id}@{current_region().code}.petakarya",  # as the project itself names it
            day=one.day,
            summary=f"{titles[one.kind]} · {one.name}",
            changed_at=one.changed_at,
            location=names.get(one.district or "", ""),
            url=url_for("projects.page", code=one.code, _external=True),
        )
        for one in found
    )
    name = f"{title_of(session, scope)} · {current_region().full_name}"
    return kept_answer(write_calendar(days, name), "text/calendar")


def requested_scope() -> Scope:
    """
    Return what is followed.

    Raises
    ------
    NotFound
        When it names a project or a road that does not exist.
    """
    scope = Scope.from_args(request.args, time_zone=current_region().time_zone)
    require_known(reader_session(), scope)
    return scope


def requested_limit() -> int:
    """Return how many entries are wanted; a greater number than allowed is taken as the greatest."""
    settings: Settings = current_app.config["SETTINGS"]
    written = request.args.get("limit", str(settings.feeds.entries))
    if not (written.isascii() and written.isdigit() and len(written) <= 9 and int(written) >= 1):
        raise InvalidRequest(
            f"limit={written[:40]} tidak dapat dipakai. Isi bilangan bulat mulai 1.",
            f"limit={written[:40]} cannot be used. Give a whole number from 1.",
        )
    return min(int(written), settings.feeds.most_entries)


def entry_of(event: Event) -> FeedEntry:
    """Return an event as an entry: its name stays the same whatever the project is called later."""
    happened = datetime.combine(event.day, time(), ZoneInfo(current_region().time_zone))
    return FeedEntry(
        id=tag(f"{event.kind}/{event.id}"),
        title=f"{event.name}: {heading_of(event)}",
        summary=" ".join(sentences_of(event)) or heading_of(event),
        link=url_for("projects.page", code=event.code, _external=True),
        updated=event.at,
        published=min(happened, event.at),
        category=(event.kind, kind_label(event.kind)),
        point=None if event.lon is None or event.lat is None else (event.lon, event.lat),
    )


def tag(specific: str) -> str:
    """Return a name (tag URI, RFC 4151) that nobody else gives and that never changes."""
    settings: Settings = current_app.config["SETTINGS"]
    host = urlsplit(settings.public_url or request.host_url).hostname or "localhost"
    authority = "localhost" if ":" in host else host.lower()
    return f"tag:{authority},{TAG_YEAR}:{quote(f'{current_region().code}/{specific}', safe='/?=&%.,+')}"


def page_of(scope: Scope) -> str:
    """Return the page that shows to people what is followed."""
    if scope.project:
        return url_for("projects.page", code=scope.project, _external=True)
    return url_for("projects.table", **scope.list_args, _external=True)


def sorted_args(scope: Scope) -> list[tuple[str, object]]:
    """Return the parameters of a scope in an order of their own, so that one scope has one name."""
    return sorted(scope.to_args().items())


def register_changed_at() -> datetime:
    """Return when the register was last changed."""
    found: datetime | None = reader_session().scalar(
        text("SELECT changed_at FROM app.layer_versions WHERE layer = 'projects'")
    )
    return found or datetime(2026, 1, 1, tzinfo=UTC)


def kept_answer(body: bytes | str, media_type: str) -> Response:
    """Return an answer that may be kept for some minutes, and is short when nothing has changed since."""
    response = Response(body, content_type=f"{media_type}; charset=utf-8")
    content = body.encode() if isinstance(body, str) else body
    response.set_etag(blake2b(content, digest_size=12).hexdigest())
    response.headers["Cache-Control"] = FRESH
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.make_conditional(request)
    return response
