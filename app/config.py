"""Settings: the environment is read here, once, and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import InvalidSetting

ROOT = Path(__file__).resolve().parent.parent
REGION_CODE = re.compile(r"\d{2}(\.\d{2})?")


@dataclass(frozen=True)
class TileLimits:
    """What a single tile may cost; each limit shows itself in the answer's `X-Tile-Limited` header when it bites."""

    features: int = 20_000  # per layer and tile; above it a phone cannot draw
    layers: int = 12  # per request
    statement_timeout_ms: int = 5_000
    cache_bytes: int = 48 * 1024 * 1024  # per web process


@dataclass(frozen=True)
class ListLimits:
    """How much one answer of a list may hold."""

    default: int = 50
    maximum: int = 10_000
    search_results: int = 12
    statement_timeout_ms: int = 10_000  # of one page of features
    longest_statement_ms: int = 30_000  # of anything else that a visitor can ask for


@dataclass(frozen=True)
class PhotoLimits:
    """What a photo may be, and how its copies are made."""

    bytes: int = 25_000_000  # of one photo as it is sent
    pixels: int = 80_000_000  # checked before any pixel is unpacked
    view_px: int = 2048  # longer side of the copy for reviewers and, blurred, for the public
    thumbnail_px: int = 480
    view_quality: int = 84  # of JPEG
    thumbnail_quality: int = 78
    boxes: int = 60  # that may be blurred in one photo
    on_page: int = 400  # greatest number of photos on one page of a package
    public_on_page: int = 60  # and on the public's


@dataclass(frozen=True)
class FeedbackLimits:
    """What a resident's report may be, and how many may come before the next one must wait."""

    photo_bytes: int = 12_000_000  # of the photo as it is sent
    form_bytes: int = 14_000_000  # of a whole request; what is longer is not read
    checks_per_address: int = 40  # in an hour, from one address of the network
    reports_per_address: int = 10
    reports_per_region: int = 300
    shortest_seconds: int = 3  # that a person needs for the form
    draft_hours: int = 24  # between check and sending
    draft_bytes: int = 1_000_000_000  # of all photos that wait between check and sending
    listed: int = 50  # on one page of a list
    similar: int = 5  # that are shown before sending


@dataclass(frozen=True)
class FeedLimits:
    """How much feeds and downloads hold, and how often one may ask for e-mail."""

    entries: int = 50  # of a feed
    most_entries: int = 200
    calendar_days: int = 1_000  # events of one calendar
    download_rows: int = 20_000  # of one file
    subscriptions_per_email: int = 20  # that wait or run
    requests_per_address: int = 10  # in an hour, from one address of the network
    requests_per_email: int = 3  # in a day
    confirm_hours: int = 48  # then a request that nobody confirmed is forgotten
    digest_events: int = 100  # in one e-mail


@dataclass(frozen=True)
class RasterLimits:
    """What a raster may be, and how its tiles are kept."""

    cells: int = 4_000_000_000  # width × height × bands, checked before any cell is read
    tile_px: int = 256
    cache_bytes: int = 16 * 1024 * 1024  # of tiles, per web process
    open_files: int = 4  # per web process


@dataclass(frozen=True)
class SignInLimits:
    """How often a sign-in may fail before the next one must wait."""

    failures: int
    minutes: int


@dataclass(frozen=True)
class SignInSettings:
    """
    Limits of failed sign-ins.

    A guesser is slowed down where he sits, so that he cannot keep others out of their own account; an office behind one
    address has more failures than one person; and many guessers together are slowed down too.
    """

    per_account_here: SignInLimits = SignInLimits(failures=8, minutes=15)
    per_address: SignInLimits = SignInLimits(failures=60, minutes=15)
    per_account: SignInLimits = SignInLimits(failures=300, minutes=15)


@dataclass(frozen=True)
class SessionLimits:
    """How long a person stays signed in, and how long links and tokens are good for."""

    minutes: int = 12 * 60  # a working day, however busy
    idle_minutes: int = 2 * 60
    remembered_minutes: int = 30 * 24 * 60  # on a device that its owner said is his; never for those who approve
    remembered_idle_minutes: int = 10 * 24 * 60
    invitation_days: int = 14
    reset_hours: int = 24
    token_days: int = 365  # the most that a token of a person's own scripts may live


@dataclass(frozen=True)
class ServerSettings:
    """How the web server is run by `petakarya up`."""

    workers: int = 2
    threads: int = 8  # blocking threads of each worker
    pool_size: int = (
        8  # database connections of each worker, per role; workers × 2 × pool stays far below max_connections
    )


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides (the contract is in the README)."""

    port: int = 8000  # PORT: where the web listens
    host: str = "127.0.0.1"  # HOST
    home: Path = ROOT / "var"  # PETAKARYA_HOME: all state
    database_url: str | None = None  # DATABASE_URL: an existing PostGIS; None means the private cluster under home
    demo: bool = True  # PETAKARYA_DEMO: 0 starts with an empty regency
    region: str = "16.05"  # PETAKARYA_REGION: kode wilayah of a regency, a city, or a province with all its regencies
    secret_key: str | None = None  # PETAKARYA_SECRET_KEY: else one is made and kept under home
    smtp_url: str | None = (
        None  # PETAKARYA_SMTP: smtp(s)://user:password@host:port; unset: notices only in the application
    )
    mail_from: str = "petakarya@localhost"  # PETAKARYA_MAIL_FROM: the sender of e-mail
    public_url: str | None = None  # PETAKARYA_URL: the address people reach us by, for links in e-mail
    proxies: int = 0  # PETAKARYA_PROXIES: how many proxies of ours stand in front; their X-Forwarded-For is believed
    second_factor: bool = True  # PETAKARYA_SECOND_FACTOR: those who approve sign in with a second factor
    https: bool = False  # PETAKARYA_HTTPS: 1 behind TLS, so that cookies are marked Secure
    tiles: TileLimits = field(default_factory=TileLimits)
    lists: ListLimits = field(default_factory=ListLimits)
    photos: PhotoLimits = field(default_factory=PhotoLimits)
    rasters: RasterLimits = field(default_factory=RasterLimits)
    feeds: FeedLimits = field(default_factory=FeedLimits)
    feedback: FeedbackLimits = field(default_factory=FeedbackLimits)
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    sessions: SessionLimits = field(default_factory=SessionLimits)
    server: ServerSettings = field(default_factory=ServerSettings)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """
        Read the settings from the environment and check them together.

        Raises
        ------
        InvalidSetting
            When a value cannot be used; the message names the variable.
        """
        env = os.environ if environment is None else environment
        demo = _flag("PETAKARYA_DEMO", env.get("PETAKARYA_DEMO", "1"))
        return cls(
            port=_port(env.get("PORT", "8000")),
            host=env.get("HOST", "127.0.0.1"),
            home=Path(env.get("PETAKARYA_HOME") or ROOT / "var").expanduser().absolute(),
            database_url=env.get("DATABASE_URL") or None,
            demo=demo,
            region=_region(env.get("PETAKARYA_REGION", "16.05")),
            secret_key=env.get("PETAKARYA_SECRET_KEY") or None,
            smtp_url=_smtp(env.get("PETAKARYA_SMTP") or None),
            mail_from=env.get("PETAKARYA_MAIL_FROM") or "petakarya@localhost",
            public_url=(env.get("PETAKARYA_URL") or "").rstrip("/") or None,
            proxies=_count("PETAKARYA_PROXIES", env.get("PETAKARYA_PROXIES", "0")),
            second_factor=_flag("PETAKARYA_SECOND_FACTOR", env.get("PETAKARYA_SECOND_FACTOR", "0" if demo else "1")),
            https=_flag("PETAKARYA_HTTPS", env.get("PETAKARYA_HTTPS", "0")),
        )


def preferred_language(environment: Mapping[str, str] | None = None) -> str:
    """Return `en` when the terminal's locale is English or `PETAKARYA_LANG` says so, else `id`."""
    env = os.environ if environment is None else environment
    locale = env.get("PETAKARYA_LANG") or env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "en" if locale.lower().startswith("en") else "id"


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise InvalidSetting(
            f"PORT={text} bukan nomor porta. Isi angka dari 1 sampai 65535.",
            f"PORT={text} is not a port number. Give a number from 1 to 65535.",
        )
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in {"0", "1"}:
        raise InvalidSetting(f"{name}={text} tidak dikenal. Isi 0 atau 1.", f"{name}={text} is unknown. Give 0 or 1.")
    return text == "1"


def _count(name: str, text: str) -> int:
    if not text.isdigit() or int(text) > 9:
        raise InvalidSetting(
            f"{name}={text} tidak dikenal. Isi angka dari 0 sampai 9.", f"{name}={text} is unknown. Give 0 to 9."
        )
    return int(text)


def _smtp(text: str | None) -> str | None:
    parts = urlsplit(text or "")
    if text is not None and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        raise InvalidSetting(
            "PETAKARYA_SMTP tidak dapat dibaca. Contoh: smtp://nama:sandi@surel.example.go.id:587.",
            "PETAKARYA_SMTP cannot be read. For example smtp://name:password@mail.example.go.id:587.",
        )
    return text


def _region(text: str) -> str:
    if not REGION_CODE.fullmatch(text):
        raise InvalidSetting(
            f"PETAKARYA_REGION={text} bukan kode wilayah. Contoh: 16.05 untuk kabupaten, 31 untuk provinsi.",
            f"PETAKARYA_REGION={text} is not an area code. For example 16.05 for a regency, 31 for a province.",
        )
    return text
