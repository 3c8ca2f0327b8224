"""Photos of the works: received, judged by two witnesses, reviewed, blurred and published."""
