"""The graders that people use today, on the same notebook with equivalent tests: `python -m benchmarks.peers`."""
