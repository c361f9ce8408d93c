"""Who does best by a number that a check measured on withheld data; only those who want to be seen."""
