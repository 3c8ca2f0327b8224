"""Progress of packages: schedules and their curve, weekly updates, and the periods in which they are taken."""
