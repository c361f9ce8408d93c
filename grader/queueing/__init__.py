"""Who is graded next: the rule, what it needs from the database, and handing the chosen jobs to the broker."""
