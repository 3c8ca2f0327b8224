"""The leader's page: what all packages amount to, on one screen."""
