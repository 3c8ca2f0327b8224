"""The WSGI entry: `granian wsgi:app`."""

from app import create_app

app = create_app()
