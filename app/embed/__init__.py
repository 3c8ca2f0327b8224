"""Views for other sites: pages in frames, oEmbed, and a map as one file."""
