"""Who signs in: accounts, sign-in, sign-out and the change of a password (Flask-Security)."""
