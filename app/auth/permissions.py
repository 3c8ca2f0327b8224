"""Who may do what: rights `scope:resource:action`, the roles that hold them, and where each account may use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, current_app, g, has_request_context, request
from flask_login import current_user
from sqlalchemy import text

from app.auth.models import Account
from app.errors import Forbidden, NotSignedIn
from app.extensions import db

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a role can be allowed: `scope:resource:action`."""

    REGISTER_READ = "register:packages:read"
    PACKAGE_EDIT = "register:packages:edit"
    CONTRACT_EDIT = "register:contracts:edit"
    LOCATION_EDIT = "register:locations:edit"
    STATUS_CHANGE = "register:status:change"
    PLAN_EDIT = "register:plans:edit"
    SCHEDULE_EDIT = "progress:schedules:edit"
    UPDATE_WRITE = "progress:updates:write"
    UPDATE_APPROVE = "progress:updates:approve"
    UPDATE_PUBLISH = "progress:updates:publish"
    PERIOD_UNLOCK = "progress:periods:unlock"
    PHOTO_REVIEW = "photos:photos:review"
    PAYMENT_WRITE = "money:payments:write"
    CRITICAL_READ = "critical:cases:read"
    CRITICAL_DECLARE = "critical:cases:declare"
    LEADER_READ = "leader:figures:read"
    AUDIT_READ = "audit:changes:read"
    PEOPLE_MANAGE = "people:accounts:manage"
    IMPORT_RUN = "data:imports:run"
    RULES_EDIT = "rules:rules:edit"
    FEEDBACK_READ = "feedback:reports:read"
    FEEDBACK_HANDLE = "feedback:reports:handle"


P = Permission
READING = frozenset({P.REGISTER_READ, P.CRITICAL_READ, P.FEEDBACK_READ})  # of everybody who signs in

ROLES: Mapping[str, frozenset[Permission]] = {
    "field_officer": READING | {P.UPDATE_WRITE},
    "ppk": READING
    | {
        P.PACKAGE_EDIT,
        P.CONTRACT_EDIT,
        P.LOCATION_EDIT,
        P.STATUS_CHANGE,
        P.SCHEDULE_EDIT,
        P.UPDATE_WRITE,
        P.CRITICAL_DECLARE,
        P.FEEDBACK_HANDLE,
    },
    "treasurer": READING | {P.PAYMENT_WRITE},
    "reviewer": READING | {P.UPDATE_APPROVE, P.UPDATE_PUBLISH, P.PHOTO_REVIEW, P.LEADER_READ, P.FEEDBACK_HANDLE},
    "leader": READING | {P.LEADER_READ, P.AUDIT_READ},
    "planner": READING | {P.PLAN_EDIT, P.LEADER_READ},
    "gis_operator": READING | {P.LOCATION_EDIT, P.IMPORT_RUN},
    "administrator": READING
    | {
        P.PACKAGE_EDIT,
        P.CONTRACT_EDIT,
        P.LOCATION_EDIT,
        P.STATUS_CHANGE,
        P.PLAN_EDIT,
        P.PERIOD_UNLOCK,
        P.LEADER_READ,
        P.AUDIT_READ,
        P.PEOPLE_MANAGE,
        P.IMPORT_RUN,
        P.RULES_EDIT,
        P.FEEDBACK_HANDLE,
    },
}
# Whoever holds one of these decides for others, and proves by a second factor that it is he.
APPROVING = frozenset({P.UPDATE_APPROVE, P.UPDATE_PUBLISH, P.CRITICAL_DECLARE, P.PHOTO_REVIEW, P.PEOPLE_MANAGE})

# Open to everybody, for reading. Other views say `@public` or `@needs(...)`; whatever says neither is refused.
PUBLIC_ENDPOINTS = frozenset({
    "maps.home", "maps.search", "maps.near",
    "maps.panel", "maps.feature_panel", "maps.panel_ids", "maps.panel_years", "maps.style",
    "maps.tilejson", "maps.legend", "maps.symbols", "maps.plate", "maps.light", "tiles.tile",
    "rasters.tile", "rasters.rasters",
    "ogc.landing", "ogc.conformance", "ogc.collections", "ogc.collection", "ogc.items", "ogc.item",
    "reports.gallery", "reports.page", "reports.as_json", "reports.origin", "reports.as_document", "reports.job",
    "reports.job_file",
    "report_schema.schema",
    "projects.table", "projects.page", "projects.picture", "projects.short", "projects.board_pdf",
    "projects.share_picture", "projects.calendar",
    "catalogue.layers", "catalogue.feature", "catalogue.picture",
    "places.areas", "places.area", "places.area_picture", "places.area_works",
    "places.roads", "places.road", "places.road_picture",
    "places.contractors", "places.contractor", "places.programmes", "places.programme",
    "embed.page", "embed.picture", "embed.map_file", "embed.oembed", "exports.projects", "feeds.atom", "feeds.calendar",
    "digest.form", "digest.confirm_page", "digest.leave_page",
    "api.projects", "api.project", "api.search", "api.versions", "api.region",
    "health.healthz", "health.readyz", "crawlers.robots", "crawlers.sitemap",
})  # fmt: skip
# Flask-Security's own views, which check for themselves who may use them.
SIGN_IN_ENDPOINTS = frozenset({
    "security.login", "security.logout", "security.verify", "security.change_password", "security.static",
    "security.two_factor_setup", "security.two_factor_setup_validate", "security.two_factor_token_validation",
    "security.mf_recovery", "security.mf_recovery_codes",
})  # fmt: skip
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def needs(*permissions: Permission) -> Callable[[View], View]:
    """
    Mark a view as open only to those who hold one of these permissions; without any, to everybody who is signed in.

    Where on the map or in which unit he may use it, `require` decides once the package is known.
    """

    def mark(view: View) -> View:
        view.permission = frozenset(permissions)  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Mark a view as open to everybody, changes included."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Refuse every request that nothing allows, and let templates ask `may(permission, project)`."""
    app.before_request(refuse_what_nothing_allows)
    app.jinja_env.globals["may"] = may


def refuse_what_nothing_allows() -> None:
    """Let a request pass when its endpoint is public or its account holds what the view needs; else refuse it."""
    if request.endpoint is None:  # answered with 404 or 405
        return
    if request.endpoint in PUBLIC_ENDPOINTS and request.method in READING_METHODS:
        return
    if request.endpoint in SIGN_IN_ENDPOINTS:
        return
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_public", False):
        return
    wanted: frozenset[Permission] | None = getattr(view, "permission", None)
    account = current_account()
    if account is None:
        raise NotSignedIn
    if wanted is None or (wanted and not wanted & permissions_of(account)):
        raise Forbidden


def current_account() -> Account | None:
    """Return the account that acts in this request, by its session or its token; None when there is none."""
    if not has_request_context() or not current_user.is_authenticated:
        return None
    account: Account = current_user._get_current_object()
    return account


def permissions_of(account: Account) -> frozenset[Permission]:
    """Return what an account may do; asked by a token, only that of it which the token was made for."""
    held = permissions_of_roles(role.name for role in account.roles)
    token = g.get("api_token") if has_request_context() else None
    if token is not None and token.account_id == account.id:
        return held & frozenset(token.permissions)
    return held


def permissions_of_roles(names: Iterable[str]) -> frozenset[Permission]:
    """Return what these roles hold together; nothing for a role that is not ours."""
    return frozenset().union(*(ROLES.get(name, frozenset()) for name in names))


def require(permission: Permission, project: Any = None) -> Account:
    """
    Return the account that acts, if it may do this, with this package.

    Parameters
    ----------
    project
        A row or object with `district_codes`, `village_codes` (may be missing) and `unit_id`; None: no package.

    Raises
    ------
    NotSignedIn
        When nobody is signed in.
    Forbidden
        When the permission is missing, or the package lies outside the account's area or unit.
    """
    account = current_account()
    if account is None:
        raise NotSignedIn
    if permission not in permissions_of(account):
        raise Forbidden
    if project is not None and not is_within(account, project):
        raise Forbidden(
            "Paket ini di luar wilayah atau unit tugas Anda.", "This package is outside your area or your unit."
        )
    return account


def may(permission: Permission | str, project: Any = None) -> bool:
    """Tell whether who acts may do this, with this package; for templates."""
    account = current_account()
    if account is None or permission not in permissions_of(account):
        return False
    return project is None or is_within(account, project)


def is_within(account: Account, project: Any) -> bool:
    """
    Tell whether a package lies in the area and the unit that an account is limited to.

    A package that names the account as its PPK or its field officer is always his, wherever it lies.
    """
    if account.id in {_read(project, "ppk_id"), _read(project, "officer_id")}:
        return True
    if account.area_prefix is not None:
        codes = [*(_read(project, "district_codes") or []), *(_read(project, "village_codes") or [])]
        if not any(code == account.area_prefix or code.startswith(f"{account.area_prefix}.") for code in codes):
            return False
    return account.unit_id is None or _read(project, "unit_id") in units_of(account)


def require_unit(unit_id: int | None) -> None:
    """
    Let who is limited to a unit put a package or a part of an agency there alone: into it, or below it.

    A package that names him is his wherever it lies, so that this is asked of the unit itself.

    Raises
    ------
    Forbidden
        When this unit, or none at all, lies outside the one that who acts is limited to.
    """
    account = current_account()
    if account is not None and account.unit_id is not None and unit_id not in units_of(account):
        raise Forbidden("Unit ini di luar unit tugas Anda.", "This unit is outside your own.")


def scope_condition(account: Account | None = None, alias: str = "p") -> tuple[str, dict[str, Any]]:
    """
    Return the SQL condition that `is_within` is, on rows of app.project named `alias`, and its parameters.

    Its parameters are named `scope_...`; the condition is `true` for an account without limits, `false` for nobody.
    """
    account = account or current_account()
    if account is None:
        return "false", {}
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if account.area_prefix is not None:
        conditions.append(
            f"EXISTS (SELECT FROM unnest(coalesce({alias}.district_codes, '{{}}')"
            f" || coalesce({alias}.village_codes, '{{}}')) AS place(code)"
            " WHERE place.code = :scope_area OR starts_with(place.code, :scope_area || '.'))"
        )
        values["scope_area"] = account.area_prefix
    if account.unit_id is not None:
        conditions.append(f"coalesce({alias}.unit_id = ANY (:scope_units), false)")
        values["scope_units"] = sorted(units_of(account))
    if not conditions:
        return "true", {}
    values["scope_account"] = account.id
    named = f"coalesce(:scope_account IN ({alias}.ppk_id, {alias}.officer_id), false)"
    return f"(({' AND '.join(conditions)}) OR {named})", values


def units_of(account: Account) -> frozenset[int]:
    """Return an account's unit and all below it."""
    kept: dict[int, frozenset[int]] = g.setdefault("units_below", {}) if has_request_context() else {}
    if account.unit_id is None:
        return frozenset()
    if account.unit_id not in kept:
        found = db.session.scalars(
            text("""
                WITH RECURSIVE below(id) AS (
                    SELECT id FROM app.unit WHERE id = :unit
                    UNION SELECT u.id FROM app.unit u JOIN below ON u.parent_id = below.id
                )
                SELECT id FROM below
            """),
            {"unit": account.unit_id},
        )
        kept[account.unit_id] = frozenset(found)
    return kept[account.unit_id]


def _read(project: Any, name: str) -> Any:
    return project.get(name) if isinstance(project, Mapping) else getattr(project, name, None)
