"""
The application without its tile cache, so that each request makes its tile; only the benchmark serves it.

`BENCH_GZIP` is the level of compression: 0 shows what a tile costs before gzip.
"""

from __future__ import annotations

import os
from dataclasses import replace

from app import create_app
from app.config import Settings, TileLimits
from app.tiles import queries

queries.GZIP_LEVEL = int(os.environ.get("BENCH_GZIP", queries.GZIP_LEVEL))
app = create_app(replace(Settings.from_environment(), tiles=TileLimits(cache_bytes=0)))
