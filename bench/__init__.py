"""Benchmarks: what the README and the documents claim, measured. Everything talks to loopback and ends by itself."""
