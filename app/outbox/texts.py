"""The sentences of the scripts that write updates without signal, in the visitor's language."""

from __future__ import annotations

from flask_babel import gettext


def outbox_texts() -> dict[str, str]:
    """Return text by the name that the scripts know it by; `{n}` and the like are filled in by them."""
    return {
        "outbox.title": gettext("Kotak keluar di ponsel ini"),
        "outbox.empty": gettext("Tidak ada yang menunggu. Semua laporan dari ponsel ini sudah terkirim."),
        "outbox.others": gettext(
            "Ada {n} laporan akun lain di ponsel ini yang belum terkirim. Masuk dengan akun itu untuk mengirimnya."
        ),
        "outbox.about": gettext("{name}, keadaan {day}"),
        "outbox.state_writing": gettext("sedang ditulis"),
        "outbox.state_waiting": gettext("tersimpan di ponsel"),
        "outbox.state_sending": gettext("sedang dikirim"),
        "outbox.state_refused": gettext("perlu diperbaiki"),
        "outbox.state_sent": gettext("terkirim"),
        "outbox.no_photos": gettext("Tanpa foto."),
        "outbox.photos": gettext("{arrived} dari {n} foto terkirim, sisa {size}."),
        "outbox.all_photos": gettext("{n} foto, semuanya sudah diterima peladen."),
        "outbox.written_at": gettext("Ditulis {time}."),
        "outbox.sent_at": gettext("Terkirim {time}."),
        "outbox.send_now": gettext("Kirim sekarang"),
        "outbox.send_again": gettext("Kirim lagi"),
        "outbox.edit": gettext("Perbaiki"),
        "outbox.open": gettext("Buka laporan di peladen"),
        "outbox.own_text": gettext("Isian Anda, tersimpan di ponsel"),
        "outbox.discard": gettext("Buang"),
        "outbox.discard_sure": gettext(
            "Buang laporan ini dari ponsel? Isiannya dan {n} foto yang belum terkirim akan hilang."
        ),
        "outbox.busy": gettext("Laporan sedang dikirim. Tunggu sebentar, lalu coba lagi."),
        "outbox.refused": gettext("Peladen menolak kiriman ini. Periksa isian, lalu kirim lagi."),
        "outbox.sign_in": gettext("Anda perlu masuk lagi. Laporan dan foto tetap tersimpan di ponsel sampai terkirim."),
        "outbox.sign_in_link": gettext("Masuk"),
        "outbox.broken": gettext(
            "Ponsel tidak dapat menyimpan. Jangan tutup halaman ini; kosongkan ruang di ponsel, lalu coba lagi."
        ),
        "outbox.full": gettext(
            "Ruang di ponsel penuh, jadi foto ini belum tersimpan. Kosongkan ruang atau kirim yang menunggu, lalu"
            " ambil lagi."
        ),
        "outbox.continued": gettext("Isian yang belum Anda serahkan dibuka kembali."),
        "outbox.handed_over": gettext("Tersimpan di ponsel dan sedang dikirim."),
        "outbox.handed_over_offline": gettext(
            "Tersimpan di ponsel. Laporan terkirim sendiri begitu ada sambungan; boleh tutup halaman ini."
        ),
        "outbox.kept_page": gettext(
            "Tanpa sambungan: halaman ini keadaan per {time}. Anda tetap dapat menulis; laporan terkirim begitu ada"
            " sambungan."
        ),
        "outbox.page_missing": gettext(
            "Halaman yang Anda tuju belum pernah dibuka di ponsel ini, jadi tidak dapat dibuka tanpa sambungan."
        ),
        "outbox.camera_open": gettext("Buka kamera"),
        "outbox.camera_take": gettext("Ambil foto"),
        "outbox.camera_close": gettext("Tutup kamera"),
        "outbox.camera_view": gettext("Yang dilihat kamera"),
        "outbox.camera_failed": gettext(
            "Kamera tidak dapat dibuka. Izinkan kamera di peramban, atau pilih foto dari ponsel."
        ),
        "outbox.pick": gettext("Ambil dengan aplikasi kamera, atau pilih dari ponsel"),
        "outbox.photo_hint": gettext(
            "Posisi, ketelitian dan waktu dicatat di samping tiap foto. Foto yang sisi panjangnya lebih dari 2560"
            " piksel dikecilkan untuk menghemat data."
        ),
        "outbox.keeping": gettext("Menyimpan foto…"),
        "outbox.kept": gettext("Foto tersimpan di ponsel."),
        "outbox.photo_of": gettext("Foto {time}"),
        "outbox.photo_place": gettext("Posisi tercatat, ketelitian ±{m} m."),
        "outbox.photo_no_place": gettext("Tanpa posisi."),
        "outbox.photo_as_taken": gettext("{size}, seperti aslinya."),
        "outbox.photo_shrunk": gettext("{size}, dikecilkan dari {width} × {height} piksel."),
        "outbox.photo_arrived": gettext("Sudah diterima peladen."),
        "outbox.caption": gettext("Keterangan foto"),
        "outbox.caption_of": gettext("Keterangan foto {time}"),
        "outbox.remove_photo": gettext("Hapus foto"),
        "outbox.remove_photo_sure": gettext("Hapus foto ini dari ponsel? Foto ini belum terkirim."),
        "outbox.position_searching": gettext("Mencari posisi…"),
        "outbox.position_known": gettext("Lintang {lat}, bujur {lon}, ketelitian ±{m} m, {time}."),
        "outbox.position_denied": gettext(
            "Izin lokasi ditolak. Foto tetap dapat dikirim, tetapi tanpa bukti tempat. Izinkan lokasi di peramban."
        ),
        "outbox.position_unavailable": gettext(
            "Posisi belum didapat. Coba di tempat terbuka; laporan tetap dapat dikirim."
        ),
    }
