from __future__ import annotations

from grader.errors import DomainError


class NoSuchPackage(DomainError):
    code = "no-such-package"

    def __init__(self, slug: str) -> None:
        super().__init__(f"The service has no package {slug[:80]!r}. Put its folder where the others are.")


class PackageBroken(DomainError):
    code = "package-broken"

    def __init__(self, slug: str, problem: str) -> None:
        super().__init__(f"The package {slug} cannot be used: {problem}. Mend it, then try again.")


class PackageDiffers(DomainError):
    code = "package-differs"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"The files of {slug} are not those that are in force in the course. Take the new version first."
        )


class NoCases(DomainError):
    code = "no-cases"

    def __init__(self, slug: str) -> None:
        super().__init__(f"The package {slug} has no cases: add submissions with their right results in its `cases`.")


class InvalidQuestionPoints(DomainError):
    code = "invalid-question-points"
