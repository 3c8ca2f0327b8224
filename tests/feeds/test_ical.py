from datetime import UTC, date, datetime

from app.feeds.ical import CalendarEvent, calendar, escape_text, fold_line

CHANGED = datetime(2026, 11, 24, 3, 4, 5, tzinfo=UTC)


def event(**values: object) -> CalendarEvent:
    given = {"uid": "p-1@contoh", "day": date(2026, 12, 31), "summary": "Rencana selesai", "changed_at": CHANGED}
    return CalendarEvent(**(given | values))  # type: ignore[arg-type]


def test_a_calendar_of_one_day() -> None:
    text = calendar([event(url="https://contoh.go.id/projects/A")], "Musi Rawas")

    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert text.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert "X-WR-CALNAME:Musi Rawas\r\n" in text
    assert "DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n" in text
    assert "DTSTAMP:20261124T030405Z\r\n" in text
    assert "\nURL:https://contoh.go.id/projects/A\r\n" in text
    assert "\n" not in text.replace("\r\n", "")


def test_a_text_cannot_begin_another_property() -> None:
    text = calendar(
        [event(summary="Jalan; A, B\\C\r\nATTENDEE:mailto:x@y\x00", url="https://a/\r\nX:1")], "N\nEND:VCALENDAR"
    )

    lines = text.split("\r\n")
    assert "SUMMARY:Jalan\\; A\\, B\\\\C\\nATTENDEE:mailto:x@y" in lines
    assert not [line for line in lines if line.startswith(("ATTENDEE", "X:1"))]
    assert lines.count("END:VCALENDAR") == 1
    assert escape_text("a\rb\x1bc") == "a\\nbc"


def test_long_lines_are_folded_between_characters() -> None:
    line = "SUMMARY:" + "é✓𝒳a" * 60
    folded = fold_line(line)

    assert all(len(part.encode()) <= 75 for part in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == line
    assert fold_line("X" * 75) == "X" * 75
    assert fold_line("X" * 76) == "X" * 75 + "\r\n X"
