"""Measure against the bars and print one table: `python -m tests.bench`, with ONLY=tiles,reports for a part."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from app.config import ROOT
from tests.bench import imports, reports, running, tiles, tracking, visits
from tests.bench.home import Bench, bench_home
from tests.bench.table import Row, markdown, show, write_day
from tests.helpers.database import temporary_home


def main() -> int:
    """Run the sections asked for; 0 when every measured bar was kept."""
    options = read_options()
    only = [name for name in options.only.split(",") if name]
    unknown = set(only) - set(SECTIONS)
    if unknown:
        print(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    with _home(options.home) as home, bench_home(home, scale=options.scale) as bench:
        for name in only or SECTIONS:
            for row in SECTIONS[name](bench):
                show(row)
                rows.append(row)
    print("\n" + markdown(rows))
    if options.write:
        write_day(ROOT / "docs" / "performance.md", heading(options.scale), rows)
    return 0 if all(row.verdict != "missed" for row in rows) else 1


def read_options() -> argparse.Namespace:
    """Read the command's options; ONLY of the environment stands for --only."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default=os.environ.get("ONLY", ""), help="sections, with commas between")
    parser.add_argument("--scale", type=float, default=1.0, help="1 for 200 000 roads")
    parser.add_argument("--home", type=Path, help="keep and use again a home with the data in it")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    return parser.parse_args()


def heading(scale: float) -> str:
    """Say when and on what kind of machine the table was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Measured on {datetime.now(UTC).date().isoformat()}: {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, scale {scale:g} (200 000 roads is 1)."
    )


def _home(given: Path | None) -> AbstractContextManager[Path]:
    if given is None:
        return temporary_home("petakarya-bench-")
    given.mkdir(parents=True, exist_ok=True)
    given.chmod(0o755)
    return nullcontext(given)


SECTIONS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "tiles": tiles.measure,
    "reports": reports.measure,
    "import": imports.measure,
    "tracking": tracking.measure,
    "running": running.measure_running,
    "first_look": running.measure_first_look,
    "visits": visits.measure,
}

if __name__ == "__main__":
    sys.exit(main())
