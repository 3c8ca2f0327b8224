"""What people follow: feeds, calendars and digests of the projects they choose."""
