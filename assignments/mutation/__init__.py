"""Wrong answers made from a right one: the solution of an assignment, changed in one place at a time.

Whoever lets one of them pass as right has checks that are too weak. Works on source text and syntax trees alone; the
grading of what comes out is done by whoever asks for it.
"""
