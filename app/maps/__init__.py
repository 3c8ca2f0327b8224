"""The public map: the page, its style, its pictures, and the frame that every page stands in."""
