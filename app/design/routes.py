"""The page of tokens and components, in a demonstration only."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask_babel import gettext
from markupsafe import Markup

from app.auth.permissions import public
from app.design.tokens import read_tokens
from app.errors import NotFound
from app.forms import FormState, Input
from app.maps.routes import requested_language
from app.reports.report import Chart, Series
from layers.catalogue import built_in_catalogue
from layers.legend import build_legend

blueprint = Blueprint("design", __name__)

EXAMPLE_CHART = Chart(
    id="example",
    title_id="Rencana dan realisasi",
    title_en="Plan and progress",
    kind="line",
    unit="percent",
    labels=("Jan", "Feb", "Mar", "Apr", "Mei", "Jun"),
    series=(
        Series("plan", "rencana", "plan", (2, 8, 20, 38, 55, 70), dashed=True),
        Series("actual", "realisasi", "actual", (1, 6, 15, 29, 41, None)),
    ),
)


class ExampleForm(Input):
    """Fields of every kind."""

    name: str = ""
    amount: str = ""
    day: str = ""
    sector: str = ""
    note: str = ""
    agreed: bool = False


@blueprint.get("/design")
@public
def components() -> str:
    """Show the tokens and components as the style sheets and macros make them; outside a demonstration: not found."""
    if not current_app.config["SETTINGS"].demo:
        raise NotFound("Halaman ini hanya ada dalam peragaan.", "This page is only in a demonstration.")
    from app.reports.render.charts import draw_chart

    language, catalogue = requested_language(), built_in_catalogue()
    state = FormState(
        ExampleForm,
        {"name": "Peningkatan Jalan Merdeka", "amount": "seribu"},
        {"amount": gettext("Tulis angka saja, misalnya 1.250.000.000.")},
    )
    return render_template(
        "design.html",
        tokens=read_tokens(),
        state=state,
        chart=Markup(draw_chart(EXAMPLE_CHART, language=language, id_prefix="example")),  # noqa: S704 - escaped
        stages=[(code.code, code.label.in_language(language)) for code in catalogue.code_list("projects", "stage")],
        legend=build_legend(catalogue, language, "light"),
    )
