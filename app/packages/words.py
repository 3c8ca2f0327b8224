"""What codes of packages, contracts and payments are called in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext, lazy_gettext

from app.extensions import current_language
from app.projects.sentences import code_label
from layers.catalogue import built_in_catalogue

METHODS = {
    "tender": lazy_gettext("Tender"),
    "direct_procurement": lazy_gettext("Pengadaan langsung"),
    "direct_appointment": lazy_gettext("Penunjukan langsung"),
    "e_purchasing": lazy_gettext("E-purchasing"),
    "self_managed": lazy_gettext("Swakelola"),
}
PROCUREMENT_KINDS = {
    "works": lazy_gettext("Pekerjaan konstruksi"),
    "goods": lazy_gettext("Barang"),
    "consultancy": lazy_gettext("Jasa konsultansi"),
    "other_services": lazy_gettext("Jasa lainnya"),
}
CONTRACT_KINDS = {
    "contract": lazy_gettext("Kontrak"),
    "work_order": lazy_gettext("SPK"),
    "self_managed": lazy_gettext("Keputusan swakelola"),
}
CONTRACT_STATES = {
    "running": lazy_gettext("berjalan"),
    "finished": lazy_gettext("selesai"),
    "terminated": lazy_gettext("putus"),
}
FINE_BASES = {
    "contract": lazy_gettext("nilai kontrak"),
    "part": lazy_gettext("nilai bagian kontrak yang terlambat"),
}
PAYMENT_KINDS = {
    "advance": lazy_gettext("Uang muka"),
    "instalment": lazy_gettext("Termin"),
    "monthly": lazy_gettext("Bulanan (MC)"),
    "final": lazy_gettext("Pelunasan"),
    "retention": lazy_gettext("Retensi"),
    "other": lazy_gettext("Lainnya"),
}
LINK_KINDS = {
    "design": lazy_gettext("Perencanaan"),
    "supervision": lazy_gettext("Pengawasan"),
}
LEVELS = {
    "programme": lazy_gettext("Program"),
    "activity": lazy_gettext("Kegiatan"),
    "sub_activity": lazy_gettext("Subkegiatan"),
}


def listed(name: str) -> dict[str, str]:
    """Return a code list of the catalogue: label by code, in the visitor's language."""
    language = current_language()
    return {one.code: one.label.in_language(language) for one in built_in_catalogue().codes.get(name, ())}


def choices(words: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return what a select offers of these words."""
    return [(code, str(label)) for code, label in words.items()]


def status_label(status: str) -> str:
    """Return what a state of a package is called."""
    return code_label("status", status)


def package_labels() -> dict[str, str]:
    """Return what the fields of a package are called, in the order in which pages show them."""
    return {
        "code": gettext("Kode paket"),
        "name": gettext("Nama paket"),
        "status_label": gettext("Keadaan"),
        "agency_name": gettext("Instansi"),
        "unit_name": gettext("Subunit"),
        "programme_name": gettext("Program, kegiatan, subkegiatan"),
        "rup_code": gettext("Kode RUP"),
        "tender_code": gettext("Kode tender"),
        "sector_label": gettext("Bidang"),
        "year": gettext("Tahun anggaran"),
        "multi_year_approval": gettext("Persetujuan tahun jamak"),
        "place": gettext("Lokasi"),
        "coordinates": gettext("Koordinat"),
        "method_label": gettext("Metode pemilihan"),
        "procurement_label": gettext("Jenis pengadaan"),
        "volume_text": gettext("Volume"),
        "ceiling_idr": gettext("Pagu"),
        "owner_estimate_idr": gettext("HPS"),
        "contract_value_idr": gettext("Nilai kontrak"),
        "fund_source": gettext("Sumber dana"),
        "contract_number": gettext("Nomor kontrak"),
        "start_date": gettext("Mulai (SPMK)"),
        "end_date": gettext("Selesai menurut kontrak"),
        "contractor": gettext("Penyedia"),
        "tax_number": gettext("NPWP penyedia"),
        "supervisor": gettext("Konsultan pengawas"),
        "planned_percent": gettext("Rencana fisik"),
        "physical_percent": gettext("Realisasi fisik"),
        "progress_date": gettext("Kemajuan per"),
        "paid_idr": gettext("Dibayar (SP2D)"),
        "forecast_finish": gettext("Perkiraan selesai"),
        "maintenance_until": gettext("Masa pemeliharaan sampai"),
        "extra_time_until": gettext("Pemberian kesempatan sampai"),
        "ppk_name": gettext("PPK"),
        "officer_name": gettext("Petugas lapangan"),
        "notes": gettext("Keterangan"),
    }
