"""News of what people follow by e-mail, once a week: no account, a confirmed address, one click to leave."""
