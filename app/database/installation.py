"""Find PostgreSQL with PostGIS on this machine, or install it with apt where that is allowed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.console import Say, say_nothing
from app.errors import PetaKaryaError

OLDEST_POSTGRESQL = 15
OLDEST_POSTGIS = (3, 3)
EXTENSIONS = ("postgis", "pg_trgm", "unaccent")
DEBIAN_ROOT = Path("/usr/lib/postgresql")
DEBIAN_SHARE = Path("/usr/share/postgresql")
CREATECLUSTER_FOLDER = Path("/etc/postgresql-common/createcluster.d")
APT_PACKAGE = re.compile(r"postgresql-(\d+)-postgis-3")


class PostgisNotFound(PetaKaryaError):
    """No PostgreSQL with PostGIS that we can use, and none may be installed."""


@dataclass(frozen=True, order=True)
class Installation:
    """One PostgreSQL on this machine that has PostGIS."""

    major: int
    bin: Path
    postgis: tuple[int, ...]


def require_installation(
    *,
    major: int | None = None,
    say: Say = say_nothing,
    find: Callable[[], list[Installation]] | None = None,
    install: Callable[[int | None, Say], bool] | None = None,
) -> Installation:
    """
    Return the newest usable PostgreSQL, installing it with apt when there is none and we are root.

    Parameters
    ----------
    major
        The version that an existing cluster was made with; None for any.
    say
        Told when an installation starts, since that takes a minute.
    find, install
        Replace the search and the installer.

    Raises
    ------
    PostgisNotFound
        With the one sentence that says what to install.
    """
    find = find or find_installations
    install = install or install_with_apt
    for attempt in range(2):
        usable = [one for one in find() if major in (None, one.major)]
        if usable:
            return max(usable)
        if attempt == 0 and not install(major, say):
            break
    package = f"postgresql-{major or 'NN'}-postgis-3"
    wanted_id = f"versi {major}" if major else f"{OLDEST_POSTGRESQL} atau lebih baru"
    wanted_en = f"version {major}" if major else f"{OLDEST_POSTGRESQL} or newer"
    raise PostgisNotFound(
        f"PostgreSQL {wanted_id} dengan PostGIS 3.3 tidak ditemukan. Pasang paket {package} "
        "(misalnya `apt install postgresql-15-postgis-3`), atau isi DATABASE_URL dengan PostGIS yang sudah ada.",
        f"PostgreSQL {wanted_en} with PostGIS 3.3 was not found. Install the package {package} "
        "(for example `apt install postgresql-15-postgis-3`), or set DATABASE_URL to a PostGIS that you have.",
    )


def find_installations(
    debian_root: Path = DEBIAN_ROOT, debian_share: Path = DEBIAN_SHARE, search_path: str | None = None
) -> list[Installation]:
    """
    List every PostgreSQL on this machine that is new enough and has the extensions we need.

    Parameters
    ----------
    debian_root, debian_share
        Where Debian and Ubuntu keep each version's programs and extensions.
    search_path
        Folders to look for `pg_config` in, as in PATH; None means PATH itself.
    """
    pairs = [(folder / "bin", debian_share / folder.name) for folder in sorted(debian_root.glob("[0-9]*"))]
    pg_config = shutil.which("pg_config", path=search_path)
    if pg_config:
        answer = subprocess.run([pg_config, "--bindir", "--sharedir"], capture_output=True, text=True, check=False)
        folders = answer.stdout.split("\n")
        if len(folders) > 1:
            pairs.append((Path(folders[0]), Path(folders[1])))
    found = {one.bin: one for one in (_inspect(*pair) for pair in pairs) if one is not None}
    return sorted(found.values())


def install_with_apt(major: int | None = None, say: Say = say_nothing) -> bool:
    """
    Install PostgreSQL with PostGIS from the distribution, without letting it make a cluster of its own.

    Returns
    -------
    installed
        False when this is not root, there is no apt, the distribution's version is too old, or apt failed.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    say(
        "Memasang PostgreSQL dan PostGIS dengan apt; ini hanya sekali.",
        "Installing PostgreSQL and PostGIS with apt; this happens once.",
    )
    _apt(say, "update")
    names = subprocess.run(["apt-cache", "pkgnames", "postgresql-"], capture_output=True, text=True, check=False)
    versions = sorted(int(match[1]) for name in names.stdout.split() if (match := APT_PACKAGE.fullmatch(name)))
    usable = [version for version in versions if version >= OLDEST_POSTGRESQL and major in (None, version)]
    if not usable:
        return False
    with _no_cluster_made_by_debian():
        return _apt(say, "install", f"postgresql-{usable[-1]}", f"postgresql-{usable[-1]}-postgis-3")


def _inspect(bin_folder: Path, share_folder: Path) -> Installation | None:
    programs = [bin_folder / name for name in ("postgres", "initdb")]
    controls = [share_folder / "extension" / f"{name}.control" for name in EXTENSIONS]
    if not all(path.is_file() for path in programs + controls):
        return None
    version = re.search(r'default_version\s*=\s*[\'"]([\d.]+)', controls[0].read_text(encoding="utf-8"))
    postgis = tuple(int(part) for part in version[1].split(".") if part) if version else ()
    major = _major_of(bin_folder, share_folder)
    if postgis[:2] < OLDEST_POSTGIS or major < OLDEST_POSTGRESQL:
        return None
    return Installation(major=major, bin=bin_folder, postgis=postgis)


def _major_of(bin_folder: Path, share_folder: Path) -> int:
    """Return the version that Debian's layout names, or that the program says; 0 when it does not run."""
    if named := re.fullmatch(r"(\d+)(\.\d+)?", share_folder.name):
        return int(named[1])
    try:
        answer = subprocess.run([bin_folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    said = re.search(r"(\d+)", answer.stdout)
    return int(said[1]) if said else 0


def _apt(say: Say, action: str, *packages: str) -> bool:
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=300", action]
    if action == "install":
        command.append("--no-install-recommends")
    apt = subprocess.run([*command, *packages], capture_output=True, text=True, check=False)
    if apt.returncode != 0:
        say(apt.stderr.strip(), apt.stderr.strip())
    return apt.returncode == 0


@contextmanager
def _no_cluster_made_by_debian() -> Iterator[None]:
    """Tell postgresql-common for the time of the installation not to create and start a cluster on port 5432."""
    override = CREATECLUSTER_FOLDER / "petakarya.conf"
    override.parent.mkdir(parents=True, exist_ok=True)
    override.write_text("create_main_cluster = false\n", encoding="utf-8")
    try:
        yield
    finally:
        override.unlink(missing_ok=True)
