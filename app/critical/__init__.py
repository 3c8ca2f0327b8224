"""The alarm: contracts that are about to fail, from the system's proposal to the test that closes it."""
