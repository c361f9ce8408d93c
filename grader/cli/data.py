"""`grader data`: data sets and models that are not shipped, put where students' notebooks find them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import click

IDX = re.compile(r"^(train|t10k)-(images-idx3|labels-idx1)-ubyte(\.gz)?$")
STAND_IN = "STAND-IN.txt"
PUBLISHED = 4  # files of MNIST, and of FashionMNIST


@click.group()
def data() -> None:
    """Data files of an assignment."""


@data.command("list")
@click.argument("slug")
def list_(slug: str) -> None:
    """Show the files that students of SLUG find in their working folder."""
    from assignments.loading import load_package
    from grader.cli.packages import package_folder

    for name, path in sorted(load_package(package_folder(slug)).metadata.data_files.items()):
        click.echo(f"{path.stat().st_size:>12,}  {name}")


@data.command()
@click.argument("slug")
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--to", "place", default="", help="A folder below the working folder.")
@click.option("--withheld", is_flag=True, help="For the checks alone: students never have it.")
@click.option("--replace", is_flag=True, help="Also where there is such a file already.")
def add(slug: str, sources: Sequence[Path], place: str, withheld: bool, replace: bool) -> None:
    """Copy SOURCES (files, or folders such as that of a model) to the data of the assignment SLUG.

    The four files of MNIST or FashionMNIST, plain or compressed, are read first and take the place of the stand-ins.
    The assignment has another version then: publish it again.
    """
    from assignments.loading import load_package
    from grader.cli.packages import package_folder

    folder = package_folder(slug)
    before = load_package(folder).version
    target = _target(folder, sources, place, withheld)
    copies = [pair for source in sources for pair in _copies(source, target)]
    _require_readable([source for source, _ in copies])
    outdated = _stand_ins(target, [source.name for source, _ in copies])
    there = [copy for _, copy in copies if copy.exists() and copy not in outdated]
    if there and not replace:
        raise click.UsageError(f"{there[0].relative_to(folder)} is there already; --replace puts the new one there.")
    for old in outdated:
        old.unlink()
    for source, copy in copies:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        click.echo(str(copy.relative_to(folder)))
    after = load_package(folder).version
    if after != before:
        click.echo(f"{slug} has another version now, {after}: publish it again.")


def _target(folder: Path, sources: Sequence[Path], place: str, withheld: bool) -> Path:
    below = PurePosixPath(place)
    if below.is_absolute() or ".." in below.parts:
        raise click.UsageError(f"--to {place}: name a folder below the working folder, such as data/MNIST/raw.")
    if withheld:
        return folder / "withheld" / below
    raw = sorted(folder.glob("data/*/raw"))
    if not place and len(raw) == 1 and all(IDX.match(source.name) for source in sources):
        return raw[0]
    return folder / "data" / below


def _copies(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """Each file and its copy. A folder keeps its name; what its links lead to is copied."""
    if source.is_file():
        yield source, target / source.name
        return
    for path in sorted(source.rglob("*")):
        if path.is_file():
            yield path, target / source.resolve().name / path.relative_to(source)


def _require_readable(sources: Sequence[Path]) -> None:
    from reference.implementations import idx

    for source in sources:
        if IDX.match(source.name):
            try:
                idx.read(source)
            except idx.IdxError as error:
                raise click.UsageError(f"{source} is no file of images or labels: {error}") from error


def _stand_ins(target: Path, names: Sequence[str]) -> list[Path]:
    """What the new files take the place of: real images and stand-ins never lie beside each other."""
    plain = {name.removesuffix(".gz") for name in names if IDX.match(name)}
    if not plain:
        return []
    if (target / STAND_IN).exists() and len(plain) < PUBLISHED:
        raise click.UsageError(f"{target} holds stand-ins: give all four files, for training and for testing.")
    old = [target / f"{name}{ending}" for name in plain for ending in ("", ".gz")]
    return [path for path in (*old, target / STAND_IN) if path.exists() and (target / STAND_IN).exists()]
