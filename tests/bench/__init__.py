"""What the bars of docs/performance.md are measured with: `python -m tests.bench`, or `make bench`."""
