from __future__ import annotations

from grader.errors import DomainError


class SlugTaken(DomainError):
    code = "slug-taken"

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is already a course with the short name {slug!r}.")


class InvalidSlug(DomainError):
    code = "invalid-slug"

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug[:80]!r} is no short name: use lower case letters, digits and single hyphens.")


class InvalidDates(DomainError):
    code = "invalid-dates"

    def __init__(self, problem: str) -> None:
        field, _, sentence = problem.partition(": ")
        super().__init__(f"{sentence[:1].upper()}{sentence[1:]}.")
        self.field = field
