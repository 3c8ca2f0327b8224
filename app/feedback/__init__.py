"""What residents report: problems on works, roads and parks, their clock, the answers, and what is public of them."""
