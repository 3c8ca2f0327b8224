"""Settings are read once, checked together, and documented."""

import re

import pytest

from app import config
from app.config import ROOT, Settings, preferred_language
from app.errors import InvalidSetting


def test_every_variable_that_is_read_is_in_the_readme() -> None:
    source = (ROOT / "app" / "config.py").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = set(re.findall(r'env\.get\(\s*"([A-Z_]+)"', source)) - {"LC_ALL", "LC_MESSAGES", "LANG"}
    assert {"PORT", "HOST", "DATABASE_URL", "PETAKARYA_HOME", "PETAKARYA_REGION"} <= names
    assert {name for name in names if f"`{name}`" not in readme} == set()


def test_only_the_settings_read_the_environment() -> None:
    """Children get the whole environment of their parent; nobody else picks a variable out of it."""
    readers = {
        str(path.relative_to(ROOT))
        for package in ("app", "layers", "gis")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"os\.environ\.get|os\.environ\[|os\.getenv", path.read_text(encoding="utf-8"))
    }
    assert readers <= {"app/config.py"}


def test_nothing_set_is_musi_rawas_with_a_demonstration() -> None:
    settings = Settings.from_environment({})
    assert (settings.port, settings.host, settings.region, settings.demo) == (8000, "127.0.0.1", "16.05", True)
    assert settings.database_url is None
    assert settings.home == config.ROOT / "var"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "delapan"),
        ("PETAKARYA_DEMO", "ya"),
        ("PETAKARYA_HTTPS", "2"),
        ("PETAKARYA_PROXIES", "-1"),
        ("PETAKARYA_REGION", "16.05.09"),
        ("PETAKARYA_REGION", "Musi Rawas"),
    ],
)
def test_unfit_value_is_refused_in_a_sentence_that_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"{name}={value}"):
        Settings.from_environment({name: value})


@pytest.mark.parametrize(
    ("environment", "language"),
    [({}, "id"), ({"LANG": "en_GB.UTF-8"}, "en"), ({"LANG": "id_ID.UTF-8"}, "id"), ({"LANG": "C"}, "id"),
     ({"LANG": "en_US.UTF-8", "PETAKARYA_LANG": "id"}, "id"), ({"LC_ALL": "en_US", "LANG": "id_ID"}, "en")],
)  # fmt: skip
def test_commands_speak_indonesian_unless_the_locale_is_english(environment: dict[str, str], language: str) -> None:
    assert preferred_language(environment) == language
