"""What the trail speaks of, in the visitor's language: tables, their fields, and who acts without an account."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from app.packages.words import package_labels, status_label

SUBJECTS = {
    "account": lazy_gettext("Akun"),
    "account_role": lazy_gettext("Peran akun"),
    "addendum": lazy_gettext("Adendum"),
    "api_token": lazy_gettext("Token"),
    "baseline": lazy_gettext("Jadwal rencana"),
    "company": lazy_gettext("Perusahaan"),
    "contract": lazy_gettext("Kontrak"),
    "critical_case": lazy_gettext("Keadaan kritis"),
    "delay_excuse": lazy_gettext("Keterlambatan yang tidak dihitung"),
    "document": lazy_gettext("Dokumen"),
    "feedback_report": lazy_gettext("Laporan warga"),
    "fund": lazy_gettext("Sumber dana"),
    "invitation": lazy_gettext("Undangan pengguna"),
    "package_link": lazy_gettext("Paket terkait"),
    "password_reset": lazy_gettext("Penggantian kata sandi"),
    "payment": lazy_gettext("Pembayaran (SP2D)"),
    "period_unlock": lazy_gettext("Pembukaan bulan laporan"),
    "photo": lazy_gettext("Foto"),
    "programme": lazy_gettext("Daftar program"),
    "progress_update": lazy_gettext("Laporan kemajuan"),
    "project": lazy_gettext("Data paket"),
    "project_location": lazy_gettext("Lokasi"),
    "raster": lazy_gettext("Raster"),
    "region": lazy_gettext("Daerah"),
    "report_schedule": lazy_gettext("Laporan terjadwal"),
    "report_template": lazy_gettext("Kop dan tanda tangan laporan"),
    "rules": lazy_gettext("Aturan dan ambang"),
    "show_cause_meeting": lazy_gettext("Rapat pembuktian (SCM)"),
    "status_change": lazy_gettext("Perubahan keadaan paket"),
    "unit": lazy_gettext("Unit kerja"),
    "viewpoint": lazy_gettext("Titik pandang foto"),
    "work_item": lazy_gettext("Butir pekerjaan"),
}
FIELDS = {
    "accuracy_m": lazy_gettext("Ketelitian (m)"),
    "active": lazy_gettext("Akun terbuka"),
    "amount_idr": lazy_gettext("Jumlah (Rp)"),
    "area_prefix": lazy_gettext("Wilayah"),
    "author": lazy_gettext("Penulis"),
    "blur": lazy_gettext("Bagian yang dikaburkan"),
    "caption": lazy_gettext("Keterangan foto"),
    "clause": lazy_gettext("Huruf SSUK 31.2"),
    "close_reason": lazy_gettext("Penjelasan penutupan"),
    "closed_how": lazy_gettext("Alasan penutupan"),
    "closed_on": lazy_gettext("Ditutup pada"),
    "correction_note": lazy_gettext("Catatan koreksi"),
    "day": lazy_gettext("Tanggal"),
    "declared_by": lazy_gettext("Ditetapkan oleh"),
    "declared_on": lazy_gettext("Ditetapkan pada"),
    "document_number": lazy_gettext("Nomor dokumen"),
    "due_on": lazy_gettext("Batas waktu uji coba"),
    "duration_days": lazy_gettext("Lama (hari kalender)"),
    "email": lazy_gettext("Surel"),
    "end_reason": lazy_gettext("Sebab berakhir"),
    "ended_on": lazy_gettext("Berakhir pada"),
    "evidence": lazy_gettext("Angka dasar"),
    "grade": lazy_gettext("Mutu bukti"),
    "grade_reasons": lazy_gettext("Alasan mutu bukti"),
    "held_on": lazy_gettext("Tanggal rapat"),
    "in_force_from": lazy_gettext("Berlaku mulai"),
    "in_force_until": lazy_gettext("Berlaku sampai"),
    "indicated_on": lazy_gettext("Diusulkan pada"),
    "invitation_number": lazy_gettext("Nomor undangan"),
    "kind": lazy_gettext("Macam"),
    "legal_basis": lazy_gettext("Dasar hukum"),
    "letter_date": lazy_gettext("Tanggal surat"),
    "letter_number": lazy_gettext("Nomor surat"),
    "location_note": lazy_gettext("Alasan perbedaan lokasi"),
    "minutes_number": lazy_gettext("Nomor berita acara"),
    "moment": lazy_gettext("Saat foto"),
    "must_change_password": lazy_gettext("Wajib mengganti kata sandi"),
    "note": lazy_gettext("Catatan"),
    "number": lazy_gettext("Nomor"),
    "obstacle_cause": lazy_gettext("Penyebab kendala"),
    "obstacles": lazy_gettext("Kendala"),
    "outcome": lazy_gettext("Hasil uji coba"),
    "outcome_on": lazy_gettext("Tanggal penilaian"),
    "paid_on": lazy_gettext("Dibayar pada"),
    "position": lazy_gettext("Posisi"),
    "published_at": lazy_gettext("Terbit pada"),
    "reached_percent": lazy_gettext("Realisasi yang dicapai (persen)"),
    "reason": lazy_gettext("Alasan"),
    "received_at": lazy_gettext("Diterima pada"),
    "review_comment": lazy_gettext("Komentar pemeriksa"),
    "reviewed_at": lazy_gettext("Diperiksa pada"),
    "reviewed_by": lazy_gettext("Diperiksa oleh"),
    "sector": lazy_gettext("Bidang"),
    "sequence": lazy_gettext("Nomor urut"),
    "signed_on": lazy_gettext("Ditandatangani pada"),
    "stage": lazy_gettext("Tahap SCM"),
    "state": lazy_gettext("Keadaan"),
    "status": lazy_gettext("Keadaan"),
    "submitted_at": lazy_gettext("Diserahkan pada"),
    "target_percent": lazy_gettext("Target fisik kumulatif (persen)"),
    "value": lazy_gettext("Nilai"),
    "value_idr": lazy_gettext("Nilai (Rp)"),
    "version": lazy_gettext("Versi"),
    "warning_date": lazy_gettext("Tanggal surat peringatan"),
    "warning_number": lazy_gettext("Nomor surat peringatan"),
    "weather": lazy_gettext("Cuaca"),
    "workers": lazy_gettext("Jumlah pekerja"),
    "written_at": lazy_gettext("Ditulis pada"),
}
VALUES = {
    "approved": lazy_gettext("disetujui"),
    "closed": lazy_gettext("ditutup"),
    "declared": lazy_gettext("ditetapkan"),
    "draft": lazy_gettext("draf"),
    "failed": lazy_gettext("gagal"),
    "finished": lazy_gettext("selesai"),
    "indicated": lazy_gettext("diusulkan"),
    "passed": lazy_gettext("berhasil"),
    "pending": lazy_gettext("menunggu"),
    "published": lazy_gettext("terbit"),
    "returned": lazy_gettext("dikembalikan"),
    "running": lazy_gettext("berjalan"),
    "submitted": lazy_gettext("diserahkan"),
    "terminated": lazy_gettext("putus"),
    "withheld": lazy_gettext("tidak diterbitkan"),
}  # of the fields state and outcome
MACHINES = ("_app", "_owner", "_reader")  # ends of the database's roles, which act where nobody is signed in


def subject_name(table: str) -> str:
    """Return what a table holds; its own name when it is a new one."""
    return str(SUBJECTS.get(table, table.replace("_", " ")))


def field_name(name: str) -> str:
    """Return what a field is called; its own name, without underscores, when nobody but programs reads it."""
    return str(FIELDS.get(name) or package_labels().get(name) or name.replace("_", " "))


def value_name(name: str, value: Any) -> Any:
    """Return a value of a field as people read it: codes of states in words, yes and no, others as they are."""
    if isinstance(value, bool):
        return str(gettext("ya") if value else gettext("tidak"))
    if name == "status" and isinstance(value, str):
        return status_label(value)
    return str(VALUES[value]) if name in {"state", "outcome"} and value in VALUES else value


def actor_name(actor: str) -> str:
    """Return who acted: an e-mail address, or the application itself."""
    if actor.endswith(MACHINES):
        return str(gettext("Aplikasi"))
    return str(gettext("Data contoh")) if actor == "demonstrasi" else actor
