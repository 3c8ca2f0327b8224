"""What an administrator settles: the region served, and the national code list that its names come from."""
