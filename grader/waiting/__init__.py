"""How long a submission waits, from what was measured."""
