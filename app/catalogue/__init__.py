"""What data there is: the list of layers, and a page for each feature."""
