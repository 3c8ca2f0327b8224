"""What people take away: files of what a page shows, and of whole layers."""
