"""Photos as pages and as JSON: sending, looking, reviewing, and the copies that the public sees."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext
from sqlalchemy import Row
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from app.auth.permissions import Permission, current_account, may, needs, public, require
from app.config import PhotoLimits, Settings
from app.errors import Forbidden, InvalidInput, NotFound, VersionConflict, message_of
from app.extensions import current_language, db, reader_session
from app.forms import FormState, caught, make_input, read_input
from app.idempotency import idempotent
from app.photos.forms import PhotoChange, PhotoDecision, PhotoInput, ReviewForm, UploadForm
from app.photos.pages import card_of, copy_url, groups_of, public_url
from app.photos.pictures import PhotoRefused, too_large
from app.photos.queries import (
    count_photos,
    find_next_pending,
    get_package,
    get_package_of,
    get_photo,
    get_update,
    is_public,
    list_photos,
    list_viewpoints,
    public_package_id,
    public_photos,
)
from app.photos.sentences import MOMENTS, reason_sentences
from app.photos.service import (
    Receipt,
    add_viewpoint,
    change_photo,
    publish_photo,
    receive_photo,
    withhold_photo,
)
from app.photos.sizes import FORMATS, WIDTHS_PX, Format, sized_copy
from app.region import current_region
from app.storage import Storage

blueprint = Blueprint("photos", __name__)

DAY_SECONDS = 86_400
KINDS = "<any(thumbnail, view, original):kind>"
MOMENT_CHOICES = tuple(MOMENTS.items())


# Sending


@blueprint.put("/api/v1/updates/<uuid:update_id>/photos/<uuid:client_id>")
@needs(Permission.UPDATE_WRITE)
def put_photo(update_id: UUID, client_id: UUID) -> tuple[Response, int]:
    """Receive a photo of an update; sent again it changes nothing and is answered alike."""
    update = get_update(db.session, update_id)
    project = get_package_of(db.session, update.project_id)
    require(Permission.UPDATE_WRITE, project)
    return _answer_receipt(_receive(project, update, client_id, _sent_file(), make_input(PhotoInput, _fields())))


@blueprint.put("/api/v1/projects/<path:code>/photos/<uuid:client_id>")
@needs(Permission.UPDATE_WRITE)
def put_package_photo(code: str, client_id: UUID) -> tuple[Response, int]:
    """Receive a photo of a package that belongs to no update, such as one from before the works."""
    project = get_package(db.session, code)
    require(Permission.UPDATE_WRITE, project)
    return _answer_receipt(_receive(project, None, client_id, _sent_file(), make_input(PhotoInput, _fields())))


@blueprint.post("/packages/<path:code>/photos")
@needs(Permission.UPDATE_WRITE)
def upload(code: str) -> AnyResponse | tuple[str, int]:
    """Receive photos from the page's form; the form's own id makes sending it twice harmless."""
    project = get_package(db.session, code)
    require(Permission.UPDATE_WRITE, project)
    state = FormState.of(UploadForm)
    files = [file for file in request.files.getlist("files") if file.filename]
    with caught(state):
        data = read_input(UploadForm)
        if not files:
            raise InvalidInput({"files": gettext("Pilih paling sedikit satu foto.")})
        viewpoint_id = data.viewpoint_id
        if data.viewpoint_name:
            viewpoint_id = add_viewpoint(db.session, project.id, data.viewpoint_name)
        note = PhotoInput(moment=data.moment, viewpoint_id=viewpoint_id, caption=data.caption)
        for number, file in enumerate(files):
            _receive(project, None, uuid5(data.client_id, str(number)), file, note, field="files")
        db.session.commit()
        flash(gettext("%(n)s foto diterima.", n=len(files)), "success")
        return redirect(url_for("photos.package", code=code))
    db.session.rollback()
    return _package_page(project, state), 422


# Looking


@blueprint.get("/packages/<path:code>/photos")
@needs(Permission.REGISTER_READ)
def package(code: str) -> str:
    """Show the photos of a package by viewpoint and date, with their grades and duplicates."""
    project = get_package(db.session, code)
    require(Permission.REGISTER_READ, project)
    return _package_page(project, FormState(UploadForm, {"client_id": uuid4(), "moment": "during"}))


@blueprint.get(f"/photos/<uuid:client_id>/{KINDS}")
@needs(Permission.REGISTER_READ)
def copy(client_id: UUID, kind: str) -> Response:
    """Answer a photo for staff: as it came, or one of its copies without metadata."""
    photo = get_photo(db.session, client_id)
    require(Permission.REGISTER_READ, get_package_of(db.session, photo.project_id))
    file_hash = getattr(photo, f"{kind}_hash")
    if kind == "original":
        answer = _file_answer(file_hash, photo.media_type)
        suffix = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}[photo.media_type]
        answer.headers["Content-Disposition"] = f'attachment; filename="{client_id}.{suffix}"'
    else:
        answer = _file_answer(file_hash, "image/jpeg")
    answer.headers["Cache-Control"] = "private, no-cache"  # asked again each time: rights may have changed
    return answer


@blueprint.get("/photos/public/<file_hash>.jpg")
@public
def public_copy(file_hash: str) -> Response:
    """Answer a published copy. Caches keep it for a day: it may be taken back, though its content never changes."""
    if not is_public(reader_session(), file_hash):
        raise NotFound("Foto ini tidak ada, atau tidak lagi diterbitkan.", "There is no such photo, or no longer.")
    answer = _file_answer(file_hash, "image/jpeg")
    answer.headers["Cache-Control"] = f"public, max-age={DAY_SECONDS}, immutable"
    return answer


@blueprint.get("/photos/public/<file_hash>-<int:width>.<any(avif, webp):image>")
@public
def public_size(file_hash: str, width: int, image: Format) -> Response:
    """Answer a smaller copy of a published picture; caches keep it as long as the picture itself."""
    if width not in WIDTHS_PX or image not in FORMATS or not is_public(reader_session(), file_hash):
        raise NotFound("Foto ini tidak ada, atau tidak lagi diterbitkan.", "There is no such photo, or no longer.")
    place = sized_copy(_storage(), _settings().home, file_hash, width, image)
    answer = send_file(place, mimetype=f"image/{image}", conditional=True, etag=place.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = f"public, max-age={DAY_SECONDS}, immutable"
    return answer


@blueprint.get("/api/v1/projects/<path:code>/photos")
@public
def package_photos(code: str) -> Response:
    """List the photos of a package: all for its staff, the published ones for everybody."""
    if current_account() is None or not may(Permission.REGISTER_READ):
        return jsonify(photos=_public_list(code))
    project = get_package(db.session, code)
    if not may(Permission.REGISTER_READ, project):
        return jsonify(photos=_public_list(code))
    photos = list_photos(db.session, project.id, limit=_limits().on_page)
    return jsonify(photos=[_as_json(photo) for photo in photos])


# Reviewing


@blueprint.get("/photos/<uuid:client_id>/review")
@needs(Permission.PHOTO_REVIEW)
def review(client_id: UUID) -> str:
    """Show a photo with its evidence, and let the reviewer blur parts of it and decide."""
    photo = get_photo(db.session, client_id)
    project = get_package_of(db.session, photo.project_id)
    require(Permission.PHOTO_REVIEW, project)
    return _review_page(photo, project, FormState(ReviewForm, ReviewForm.values_of(photo)))


@blueprint.post("/photos/<uuid:client_id>/review")
@needs(Permission.PHOTO_REVIEW)
def decide(client_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep what the reviewer says of a photo, and publish or withhold it."""
    photo = get_photo(db.session, client_id, locked=True)
    project = get_package_of(db.session, photo.project_id)
    require(Permission.PHOTO_REVIEW, project)
    state = FormState.of(ReviewForm)
    conflict = None
    try:
        with caught(state):
            data = read_input(ReviewForm)
            _decide(photo, data)
            db.session.commit()
            flash(_said_of(data.action), "success")
            following = None if data.action == "save" else find_next_pending(db.session, project.id)
            if following is not None:
                return redirect(url_for("photos.review", client_id=following))
            return redirect(url_for("photos.package", code=project.code))
    except VersionConflict as error:
        conflict = error.current
    values = request.form.to_dict() | {
        "version": photo.version,
        "boxes": ReviewForm.typed_boxes(request.form),
    }
    state.values |= values
    db.session.rollback()
    return _review_page(photo, project, state, conflict), 409 if conflict else 422


@blueprint.patch("/api/v1/photos/<uuid:client_id>")
@needs(Permission.PHOTO_REVIEW, Permission.UPDATE_WRITE)
@idempotent
def patch_photo(client_id: UUID) -> Response:
    """Change what is said of a photo; whoever sent it may while it waits, what is blurred is the reviewer's."""
    photo = get_photo(db.session, client_id, locked=True)
    project = get_package_of(db.session, photo.project_id)
    change = read_input(PhotoChange)
    if not may(Permission.PHOTO_REVIEW, project):
        account = require(Permission.UPDATE_WRITE, project)
        if photo.author != account.email or photo.state != "pending" or change.blur is not None:
            raise Forbidden
    change_photo(db.session, photo, change)
    return jsonify(_as_json(get_photo(db.session, client_id)))


@blueprint.post("/api/v1/photos/<uuid:client_id>/publish")
@needs(Permission.PHOTO_REVIEW)
@idempotent
def publish(client_id: UUID) -> Response:
    """Make the public's copies and show them."""
    photo = get_photo(db.session, client_id, locked=True)
    require(Permission.PHOTO_REVIEW, get_package_of(db.session, photo.project_id))
    publish_photo(db.session, _storage(), photo, version=read_input(PhotoDecision).version, limits=_limits())
    return jsonify(_as_json(get_photo(db.session, client_id)))


@blueprint.post("/api/v1/photos/<uuid:client_id>/withhold")
@needs(Permission.PHOTO_REVIEW)
@idempotent
def withhold(client_id: UUID) -> Response:
    """Keep a photo from the public, or take it back."""
    photo = get_photo(db.session, client_id, locked=True)
    require(Permission.PHOTO_REVIEW, get_package_of(db.session, photo.project_id))
    withhold_photo(db.session, photo, version=read_input(PhotoDecision).version)
    return jsonify(_as_json(get_photo(db.session, client_id)))


def _receive(
    project: Row[Any],
    update: Row[Any] | None,
    client_id: UUID,
    file: FileStorage,
    data: PhotoInput,
    *,
    field: str = "file",
) -> Receipt:
    """Keep a photo that was sent; what is wrong with it is said beside its field."""
    limits = _limits()
    try:
        return receive_photo(
            db.session,
            _storage(),
            project,
            update,
            client_id,
            _content(file, limits),
            data,
            limits=limits,
            time_zone=_time_zone(),
        )
    except PhotoRefused as error:
        sentence = message_of(error, current_language())
        raise InvalidInput({field: f"{file.filename}: {sentence}" if field == "files" else sentence}) from error


def _content(file: FileStorage, limits: PhotoLimits) -> bytes:
    """Return the bytes of a sent file; of one that is too large not even those are read."""
    length = file.stream.seek(0, 2)
    file.stream.seek(0)
    if length > limits.bytes:
        raise too_large(length, limits)
    return file.stream.read()


def _sent_file() -> FileStorage:
    file = request.files.get("file")
    if file is None:
        raise InvalidInput({"file": gettext("Foto belum disertakan.")})
    return file


def _fields() -> dict[str, str]:
    """Return the fields beside the file; those left empty are missing."""
    return {name: value for name, value in request.form.items() if value.strip() and name != "csrf_token"}


def _answer_receipt(receipt: Receipt) -> tuple[Response, int]:
    db.session.commit()
    answer = jsonify(client_id=str(receipt.client_id), hash=receipt.hash, bytes=receipt.bytes)
    return answer, 201 if receipt.is_new else 200


def _decide(photo: Row[Any], data: ReviewForm) -> None:
    """Do what the reviewer chose, after keeping what he wrote."""
    viewpoint_id = data.viewpoint_id
    if data.viewpoint_name:
        viewpoint_id = add_viewpoint(db.session, photo.project_id, data.viewpoint_name)
    change = make_input(
        PhotoChange,
        {
            "version": data.version,
            "blur": data.boxes(),
            "caption": data.caption,
            "viewpoint_id": viewpoint_id,
            "moment": data.moment,
        },
    )
    change_photo(db.session, photo, change)
    changed = get_photo(db.session, photo.client_id)
    if data.action == "publish":
        publish_photo(db.session, _storage(), changed, version=changed.version, limits=_limits())
    elif data.action == "withhold":
        withhold_photo(db.session, changed, version=changed.version)


def _said_of(action: str) -> str:
    said: dict[str, str] = {
        "save": gettext("Perubahan foto disimpan."),
        "publish": gettext("Foto diterbitkan."),
        "withhold": gettext("Foto tidak diterbitkan."),
    }
    return said[action]


def _package_page(project: Row[Any], state: FormState[UploadForm]) -> str:
    limits = _limits()
    photos = list_photos(db.session, project.id, limit=limits.on_page)
    groups = groups_of(photos, project.name, time_zone=_time_zone())
    counts = count_photos(db.session, project.id)
    page: str = render_template(
        "photos/package.html",
        project=project,
        groups=groups,
        counts=counts,
        left_out=sum(counts.values()) - len(photos),
        has_comparisons=any(group.comparison for group in groups),
        viewpoints=list_viewpoints(db.session, project.id),
        moments=MOMENT_CHOICES,
        may_send=may(Permission.UPDATE_WRITE, project),
        may_review=may(Permission.PHOTO_REVIEW, project),
        greatest_mb=limits.bytes // 1_000_000,
        state=state,
    )
    return page


def _review_page(
    photo: Row[Any], project: Row[Any], state: FormState[ReviewForm], conflict: dict[str, Any] | None = None
) -> str:
    page: str = render_template(
        "photos/review.html",
        photo=photo,
        project=project,
        card=card_of(photo, project.name, time_zone=_time_zone()),
        state=state,
        boxes=state.values["boxes"],
        conflict=conflict,
        viewpoints=list_viewpoints(db.session, project.id),
        moments=MOMENT_CHOICES,
        most_boxes=_limits().boxes,
    )
    return page


def _public_list(code: str) -> list[dict[str, Any]]:
    session = reader_session()
    project_id = public_package_id(session, code)
    return [
        {
            "moment": photo.moment,
            "viewpoint": photo.viewpoint,
            "caption": photo.caption,
            "taken_at": photo.taken_at.isoformat() if photo.taken_at else None,
            "width": photo.width,
            "height": photo.height,
            "picture": public_url(photo.hash),
            "thumbnail": public_url(photo.thumbnail_hash),
        }
        for photo in public_photos(session, project_id, limit=_limits().public_on_page)
    ]


def _as_json(photo: Row[Any]) -> dict[str, Any]:
    """Return a photo as staff's programs see it."""
    return {
        "client_id": str(photo.client_id),
        "update": str(photo.update_client_id) if photo.update_client_id else None,
        "state": photo.state,
        "version": photo.version,
        "moment": photo.moment,
        "viewpoint_id": photo.viewpoint_id,
        "viewpoint": photo.viewpoint,
        "caption": photo.caption,
        "hash": photo.original_hash,
        "bytes": photo.bytes,
        "media_type": photo.media_type,
        "width": photo.width,
        "height": photo.height,
        "taken_at": _iso(photo.taken_at),
        "position": _place(photo.lon, photo.lat),
        "accuracy_m": photo.accuracy_m,
        "exif": {
            "taken_at": _iso(photo.exif_taken_at),
            "position": _place(photo.exif_lon, photo.exif_lat),
            "camera": photo.exif_camera,
        },
        "distance_m": photo.distance_m,
        "grade": photo.grade,
        "reasons": [
            {**reason, "sentence": next(iter(reason_sentences([reason])), None)} for reason in photo.grade_reasons
        ],
        "similar": {
            "client_id": str(photo.similar_client_id),
            "project": photo.similar_code,
            "bits": photo.similarity_bits,
        }
        if photo.similar_client_id
        else None,
        "blur": photo.blur,
        "author": photo.author,
        "received_at": _iso(photo.received_at),
        "thumbnail": copy_url(photo.client_id, "thumbnail"),
        "view": copy_url(photo.client_id, "view"),
        "public": public_url(photo.public_hash) if photo.public_hash else None,
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()


def _place(lon: float | None, lat: float | None) -> dict[str, float] | None:
    return None if lon is None or lat is None else {"lon": lon, "lat": lat}


def _file_answer(file_hash: str, media_type: str) -> Response:
    """Answer a stored file; its hash names its content, so that unchanged files are not sent again."""
    answer = send_file(_storage().path(file_hash), mimetype=media_type, conditional=True, etag=file_hash)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _limits() -> PhotoLimits:
    return _settings().photos


def _storage() -> Storage:
    return Storage.of(_settings())


def _time_zone() -> ZoneInfo:
    return ZoneInfo(current_region().time_zone)
