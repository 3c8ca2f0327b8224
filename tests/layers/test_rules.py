"""The agencies' thresholds: all of the domain reference's, seeded once, in force by day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from layers.errors import InvalidDefinition
from layers.rules import read_rules, rules_in_force, seed_rules

TODAY = dt.date(2026, 11, 24)

# Codes, values and marks as domain.md section 12 prints them; lists where it prints several values.
DOMAIN = {
    "KRITIS_P1_BATAS_RENCANA": (70, "V"), "KRITIS_P1_LAG": (10, "V"), "KRITIS_P2_LAG": (5, "V"), "SCM_TAHAP_MAKS": (3, "R"),
    "DENDA_PERMIL": (1, "V"), "UANG_MUKA_MAKS_KECIL": (30, "V"), "UANG_MUKA_MAKS_NONKECIL": (20, "V"),
    "UANG_MUKA_MAKS_JAMAK": (15, "V"), "RETENSI": (5, "R"), "PEMELIHARAAN_PERMANEN": (6, "R"), "PEMELIHARAAN_SEMI": (3, "R"),
    "ADDENDUM_MAKS": (10, "R"), "KESEMPATAN_HARI": (50, "V*"), "IRI_B": (4, "V"), "IRI_S": (8, "V"), "IRI_RR": (12, "V"),
    "SDI_B": (50, "V*"), "SDI_S": (100, "V*"), "SDI_RR": (150, "V*"), "SEGMEN_SURVEI": (100, "V"), "RTH_PUBLIK_MIN": (20, "V"),
    "RTH_TOTAL_MIN": (30, "V*"), "RTH_PER_JIWA": (20, "R"), "KUMUH_SKOR_BATAS": ((25, 51, 76), "V*"),
    "KUMUH_KELAS": ((16, 38, 60), "V*"), "IRIGASI_KONDISI": ((10, 20, 40), "V"), "PREDIKAT": ((51, 66, 76, 91), "R"),
    "SEL_KECIL": (5, "D"), "CUTOFF_LAPORAN": (5, "V*"), "SLIVER_MIN_M2": (1, "D"), "SLIVER_MIN_PERSEN": (0.1, "D"),
}  # fmt: skip


def test_seed_holds_the_domain_references_table() -> None:
    seeded = {rule.code: (rule.value, rule.status) for rule in read_rules().rules}
    assert {code: seeded[code] for code in DOMAIN} == DOMAIN
    assert "KRITIS_P2_LEWAT_TA" in seeded


def test_combined_condition_has_a_cell_for_each_pair_of_classes() -> None:
    matrix = next(rule.value for rule in read_rules().rules if rule.code == "IRI_SDI_MATRIKS")
    assert isinstance(matrix, tuple)
    assert len(matrix) == 16
    assert matrix[0 * 4 + 1] == 2  # T14: IRI good, SDI fair gives fair
    assert set(matrix) <= {1, 2, 3, 4}


def test_seeding_twice_inserts_once_and_keeps_edits(connection: Connection) -> None:
    connection.execute(text("DELETE FROM app.rules"))
    assert seed_rules(connection) == len(read_rules().rules)
    connection.execute(text("UPDATE app.rules SET value = '12' WHERE code = 'KRITIS_P1_LAG'"))
    connection.execute(text("DELETE FROM app.rules WHERE code = 'RETENSI'"))
    assert seed_rules(connection) == 1
    assert rules_in_force(connection, TODAY)["KRITIS_P1_LAG"].value == 12
    assert connection.scalar(text("SELECT count(*) FROM history.rules WHERE code = 'KRITIS_P1_LAG'")) == 1


def test_rule_carries_what_a_figure_needs(connection: Connection) -> None:
    seed_rules(connection)
    rule = rules_in_force(connection, TODAY)["RTH_PUBLIK_MIN"]
    assert (rule.value, rule.unit, rule.version, rule.is_verified) == (20.0, "percent", "2026-01", True)
    assert "UU 26/2007" in rule.legal_basis
    assert not rules_in_force(connection, TODAY)["PREDIKAT_1"].is_verified


def test_several_values_are_given_one_by_one(connection: Connection) -> None:
    seed_rules(connection)
    rules = rules_in_force(connection, TODAY)
    assert [rules[f"KUMUH_KELAS_{number}"].value for number in (1, 2, 3)] == [16, 38, 60]
    assert rules["KUMUH_KELAS_2"].code == "KUMUH_KELAS"


def test_version_in_force_depends_on_the_day(connection: Connection) -> None:
    seed_rules(connection)
    connection.execute(
        text(
            """
            INSERT INTO app.rules (code, version, title_id, title_en, value, unit, legal_basis, status, in_force_from)
            SELECT code, '2027-01', title_id, title_en, '25', unit, 'Perda 1/2027', status, '2027-01-01'
            FROM app.rules WHERE code = 'RTH_PUBLIK_MIN'
            """
        )
    )
    value_on = {
        year: rules_in_force(connection, dt.date(year, 6, 1))["RTH_PUBLIK_MIN"].value for year in (2024, 2026, 2027)
    }
    assert value_on == {2024: 20, 2026: 20, 2027: 25}  # before the first version the first one counts


def test_ended_rule_is_not_in_force(connection: Connection) -> None:
    seed_rules(connection)
    connection.execute(text("UPDATE app.rules SET in_force_until = '2026-06-30' WHERE code = 'RETENSI'"))
    assert "RETENSI" in rules_in_force(connection, dt.date(2026, 6, 30))
    assert "RETENSI" not in rules_in_force(connection, dt.date(2026, 7, 1))


def test_unknown_key_in_the_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("version: x\nin_force_from: 2026-01-01\nrules: []\nextra: 1\n", encoding="utf-8")
    with pytest.raises(InvalidDefinition, match=r"rules\.yml"):
        read_rules(file)
