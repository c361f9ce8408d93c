"""Where settings come from, and what there is to set: one list for the program, `grader config` and the docs."""
