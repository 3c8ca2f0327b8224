"""What a phone needs to write updates without signal: the service worker, the manifest, the outbox's page."""
