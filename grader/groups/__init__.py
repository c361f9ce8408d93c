"""Students who hand in together: who is in which group, and for whom a submission counts."""
