"""The public map and what it is drawn from: style, legend, TileJSON, the first picture, the light map."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template

from app.formats import register_formats
from app.maps.assets import register_assets
from app.maps.frame import register_frame

blueprint = Blueprint("maps", __name__)


def init_app(app: Flask) -> None:
    """Give every page its frame, its formats and the addresses of its files."""
    register_assets(app)
    register_formats(app)
    register_frame(app)


@blueprint.get("/")
def home() -> str:
    """Show the map, with the list of works beside it."""
    return render_template("home.html")
