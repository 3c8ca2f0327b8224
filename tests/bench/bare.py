"""A bare Flask view that returns the bytes of one file, whatever tile it is asked for: the speed of the house itself."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response

BODY = Path(os.environ["BENCH_TILE"]).read_bytes()
HEADERS = {"ETag": '"bench"', "Cache-Control": "public, max-age=31536000, immutable", "Content-Encoding": "gzip"}

app = Flask(__name__, static_folder=None)


@app.get("/tiles/<names>/<int:z>/<int:x>/<int:y>.mvt")
def tile(names: str, z: int, x: int, y: int) -> Response:
    """Return the bytes."""
    return Response(BODY, headers=HEADERS, mimetype="application/vnd.mapbox-vector-tile")
