"""What staff decide over grades: rules, extensions, overrides, excuses, release; and the table of them all."""
