"""Who changed what, when, old and new: the trail that the database writes and nobody alters."""
