"""What the command says while it works."""

from __future__ import annotations

import pytest

import app.imports.cli as command_line


def test_a_short_step_draws_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    advance = command_line.progress_bar("load", 10)
    advance(10)
    assert capsys.readouterr() == ("", "")


def test_a_long_step_draws_a_bar_on_stderr(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 0.5, 1.5, 2.5])
    monkeypatch.setattr("app.imports.cli.time.monotonic", lambda: next(moments))
    advance = command_line.progress_bar("load", 300)
    for _ in range(3):
        advance(100)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\r") == 2
    assert "200/300" in err
    assert err.endswith(f"[{'#' * command_line.BAR_CHARACTERS}] 300/300\n")


@pytest.mark.parametrize(
    ("given", "expected"),
    [(("NAMA=name",), {"NAMA": "name"}), (("A=B=name", "P=length_sk_m:km"), {"A=B": "name", "P": "length_sk_m:km"})],
)
def test_maps(given: tuple[str, ...], expected: dict[str, str]) -> None:
    assert command_line.parse_maps(given) == expected
