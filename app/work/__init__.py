"""What waits for a person, and what the system tells people: in the application and by e-mail."""
