"""Where the files of rasters lie, for code that is asked from a page, a job, a command or a notebook alike."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, has_app_context

from app.config import Settings
from app.rasters.queries import RegisteredRaster
from app.storage import Storage


def raster_path(raster: RegisteredRaster) -> Path:
    """
    Return the COG of a registered raster, in the storage of the running application, else of the environment's home.

    Raises
    ------
    FileNotStored
        When the storage does not have it.
    """
    settings: Settings = current_app.config["SETTINGS"] if has_app_context() else Settings.from_environment()
    return Storage.of(settings).path(raster.file_hash)
