"""What every process of the service says of itself: logs and traces. Imports nothing else of ours."""
