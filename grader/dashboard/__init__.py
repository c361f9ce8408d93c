"""What staff see of a course at a glance: counted in the database, never row by row here."""
