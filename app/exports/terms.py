"""Under which terms data is given away."""

from __future__ import annotations

from flask_babel import gettext

from app.extensions import current_language
from app.region import current_region, own_catalogue


def terms_of(layer: str) -> str:
    """Return the source of a layer's data and its licence, as far as one is stated, in the visitor's language."""
    licence = own_catalogue().layer(layer).licence
    stated = licence.in_language(current_language()) if licence else gettext("belum dinyatakan")
    return str(
        gettext(
            "Sumber: pemerintah %(region)s. Lisensi: %(licence)s.", region=current_region().full_name, licence=stated
        )
    )
