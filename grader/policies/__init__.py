"""The rules of handing in, as they hold for one student, and what follows from them. Pure but for `queries`."""
