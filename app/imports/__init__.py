"""Files that people send become layers: the command, and the record of what was imported."""
