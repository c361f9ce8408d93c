"""From the names in a job to a loaded package and an environment."""

from __future__ import annotations

from pathlib import Path

from assignments.errors import PackageError
from assignments.gradable import GradablePackage, load_gradable_package
from worker.environments import Environment, EnvironmentsError, load_environments


class ResolveError(RuntimeError):
    """This worker cannot do the job; the text is for staff."""


class Resolver:
    """Packages are loaded once per version; a changed folder is noticed by its digest."""

    def __init__(self, assignments_dir: Path, environments_file: Path) -> None:
        self._assignments_dir = assignments_dir
        self._environments_file = environments_file
        self._loaded: dict[tuple[str, str], GradablePackage] = {}  # slug and version

    def find(self, slug: str, version: str) -> tuple[GradablePackage, Environment]:
        """Raises ResolveError when this worker has another version, no such package or no environment."""
        package = self._loaded.get((slug, version))
        if package is None:
            package = self.package(slug)
            if package.metadata.version != version:
                raise ResolveError(
                    f"assignment {slug!r}: this worker has version {package.metadata.version[:12]}, the job names "
                    f"{version[:12]}. Bring the worker's assignments folder up to date and run the submission again."
                )
            self._loaded[slug, version] = package
        return package, self.environment(package)

    def environment(self, package: GradablePackage) -> Environment:
        name = package.metadata.environment
        try:
            environments = load_environments(self._environments_file)
        except EnvironmentsError as error:
            raise ResolveError(str(error)) from None
        if name not in environments:
            known = ", ".join(sorted(environments)) or "none"
            raise ResolveError(
                f"environment {name!r} of assignment {package.metadata.slug!r} is unknown here ({known})"
            )
        return environments[name]

    def package(self, slug: str) -> GradablePackage:
        """The package as it is on disk now. Raises ResolveError."""
        folder = self._assignments_dir / slug
        if "/" in slug or not folder.is_dir():
            raise ResolveError(f"assignment {slug!r} is not on this worker ({self._assignments_dir})")
        try:
            return load_gradable_package(folder)
        except PackageError as error:
            raise ResolveError(f"assignment {slug!r} cannot be loaded: {error}") from None
