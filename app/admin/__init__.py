"""What an administrator settles: the region this installation serves, and the national code list it takes names from."""
