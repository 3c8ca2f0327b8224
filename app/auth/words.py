"""What pages call roles and permissions."""

from __future__ import annotations

from flask_babel import lazy_gettext

from app.auth.permissions import Permission

ROLE_NAMES = {
    "field_officer": lazy_gettext("Petugas lapangan"),
    "ppk": lazy_gettext("PPK"),
    "treasurer": lazy_gettext("Bendahara"),
    "reviewer": lazy_gettext("Pemeriksa"),
    "leader": lazy_gettext("Pimpinan"),
    "planner": lazy_gettext("Perencana"),
    "gis_operator": lazy_gettext("Operator GIS"),
    "administrator": lazy_gettext("Administrator"),
}
ROLE_TASKS = {
    "field_officer": lazy_gettext("menulis kemajuan mingguan dan mengambil foto"),
    "ppk": lazy_gettext("mengelola paket, kontrak, jadwal, dan menyatakan kontrak kritis"),
    "treasurer": lazy_gettext("mencatat SP2D"),
    "reviewer": lazy_gettext("memeriksa kemajuan dan foto, lalu menerbitkannya"),
    "leader": lazy_gettext("membaca semuanya, termasuk jejak perubahan"),
    "planner": lazy_gettext("mengelola program, kegiatan, dan sumber dana"),
    "gis_operator": lazy_gettext("menggambar lokasi dan memuat berkas"),
    "administrator": lazy_gettext("mengelola pengguna, aturan, dan semua data"),
}
PERMISSION_NAMES = {
    Permission.REGISTER_READ: lazy_gettext("membaca register"),
    Permission.PACKAGE_EDIT: lazy_gettext("mengubah paket"),
    Permission.CONTRACT_EDIT: lazy_gettext("mengubah kontrak"),
    Permission.LOCATION_EDIT: lazy_gettext("mengubah lokasi"),
    Permission.STATUS_CHANGE: lazy_gettext("mengubah status paket"),
    Permission.PLAN_EDIT: lazy_gettext("mengubah program dan dana"),
    Permission.SCHEDULE_EDIT: lazy_gettext("mengubah jadwal"),
    Permission.UPDATE_WRITE: lazy_gettext("menulis kemajuan"),
    Permission.UPDATE_APPROVE: lazy_gettext("menyetujui kemajuan"),
    Permission.UPDATE_PUBLISH: lazy_gettext("menerbitkan kemajuan"),
    Permission.PERIOD_UNLOCK: lazy_gettext("membuka bulan yang terkunci"),
    Permission.PHOTO_REVIEW: lazy_gettext("memeriksa foto"),
    Permission.PAYMENT_WRITE: lazy_gettext("mencatat pembayaran"),
    Permission.CRITICAL_READ: lazy_gettext("membaca kontrak kritis"),
    Permission.CRITICAL_DECLARE: lazy_gettext("menyatakan kontrak kritis"),
    Permission.LEADER_READ: lazy_gettext("membaca ringkasan pimpinan"),
    Permission.AUDIT_READ: lazy_gettext("membaca jejak perubahan"),
    Permission.PEOPLE_MANAGE: lazy_gettext("mengelola pengguna"),
    Permission.IMPORT_RUN: lazy_gettext("memuat berkas"),
    Permission.RULES_EDIT: lazy_gettext("mengubah aturan"),
    Permission.FEEDBACK_READ: lazy_gettext("membaca laporan warga"),
    Permission.FEEDBACK_HANDLE: lazy_gettext("menangani laporan warga"),
}
