"""Where control groups can be made. Version 2 is tried in a tree of files that behaves as Linux's does: a machine
that has the memory controller there is not always at hand. (`grader doctor` tries the real one.)"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker.contract import Limits
from worker.sandbox import cgroup_places
from worker.sandbox.cgroup_places import MAIN, Hierarchy, hierarchies, sweep
from worker.sandbox.cgroups import Cgroup

FILES = ("cgroup.procs", "cgroup.subtree_control", "cgroup.controllers")
LIMITED = ("memory.max", "memory.swap.max", "memory.oom.group", "memory.stat", "memory.events", "pids.max")
Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tree]:
    """`tree("a/b", given="a")`: our group is a/b, and somebody gave us the group a."""
    root = tmp_path / "cgroup"
    make, remove, write = Path.mkdir, Path.rmdir, Path.write_text

    def fill(folder: Path) -> None:
        parent = folder.parent
        limited = (parent / "cgroup.subtree_control").exists() and "memory" in (
            parent / "cgroup.subtree_control"
        ).read_text()
        for name in (*FILES, *(LIMITED if limited or folder == root else ())):
            write(folder / name, "memory pids cpu" if name == "cgroup.controllers" else "")

    def mkdir(self: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        new = not self.exists()
        make(self, mode, parents, exist_ok)
        if new and self.is_relative_to(root):
            fill(self)

    def rmdir(self: Path) -> None:
        for file in self.iterdir() if self.is_relative_to(root) else ():
            file.unlink()
        remove(self)

    def write_text(self: Path, text: str, *rest: object, **named: object) -> int:
        if self.is_relative_to(root) and self.name == "cgroup.procs":
            for other in root.rglob("cgroup.procs"):
                write(other, "".join(f"{pid}\n" for pid in other.read_text().split() if pid != text))
            return write(self, self.read_text() + text + "\n")
        if self.is_relative_to(root) and self.name == "cgroup.subtree_control":
            if (self.parent / "cgroup.procs").read_text():
                raise OSError(16, "Device or resource busy")
            text = text.replace("+", "")
        return write(self, text)

    def build(own: str, *, given: str = "", pids: str = "", kind: str = "cgroup2") -> Path:
        make(root)
        fill(root)
        folder = root
        for part in Path(own).parts:
            folder /= part
            folder.mkdir()
        write(folder / "cgroup.procs", pids)
        write(tmp_path / "own", f"0::/{own}\n")
        write(tmp_path / "mounts", f"30 20 0:1 / {root} rw,nosuid - {kind} none rw\n")
        monkeypatch.setattr(cgroup_places, "OWN", tmp_path / "own")
        monkeypatch.setattr(cgroup_places, "MOUNTS", tmp_path / "mounts")
        monkeypatch.setattr(cgroup_places, "_given", lambda path: bool(given) and path == root / given)
        return root

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(Path, "rmdir", rmdir)
    monkeypatch.setattr(Path, "write_text", write_text)
    hierarchies.cache_clear()
    yield build
    hierarchies.cache_clear()


def test_beside_our_own_group_where_the_parent_was_given_to_us(tree: Tree) -> None:
    """systemd with Delegate= and DelegateSubgroup=."""
    root = tree("worker.service/main", given="worker.service", pids=f"{os.getpid()}\n")
    assert hierarchies() == (Hierarchy(2, root / "worker.service", ""),)
    assert (root / "worker.service/main/cgroup.procs").read_text().split() == [str(os.getpid())]


def test_our_processes_move_where_our_own_group_was_given_to_us(tree: Tree) -> None:
    """systemd with Delegate= alone."""
    root = tree("worker.service", given="worker.service", pids="10\n11\n")
    assert hierarchies() == (Hierarchy(2, root / "worker.service", ""),)
    assert (root / "worker.service" / MAIN / "cgroup.procs").read_text().split() == ["10", "11"]
    assert (root / "worker.service/cgroup.procs").read_text() == ""


def test_in_a_container_the_whole_tree_is_ours(tree: Tree) -> None:
    root = tree("", pids="1\n7\n")
    assert hierarchies() == (Hierarchy(2, root, ""),)


def test_after_the_move_the_place_is_found_again(tree: Tree) -> None:
    root = tree(f"worker.service/{MAIN}", pids="10\n")
    assert hierarchies() == (Hierarchy(2, root / "worker.service", ""),)


def test_a_group_that_nobody_gave_us_is_left_alone(tree: Tree) -> None:
    """A login, say: root may write there, and must not."""
    root = tree("user.slice/session-1.scope", pids="10\n11\n")
    assert hierarchies() == ()
    assert (root / "user.slice/session-1.scope/cgroup.procs").read_text().split() == ["10", "11"]
    assert not (root / "user.slice/session-1.scope" / MAIN).exists()


def test_no_version_2_is_no_place(tree: Tree) -> None:
    tree("a", given="a", kind="tmpfs")
    assert hierarchies() == ()


def test_a_group_gets_its_limits_and_goes(tree: Tree) -> None:
    root = tree("worker.service/main", given="worker.service")
    group = Cgroup("grader-1-x", Limits(memory_mib=100, scratch_mib=40, processes=7))
    group.add(4242)
    folder = root / "worker.service/grader-1-x"
    assert (folder / "cgroup.procs").read_text().split() == ["4242"]
    assert int((folder / "memory.max").read_text()) == (100 + 40 + 16) << 20
    assert (folder / "memory.oom.group").read_text() == "1"
    assert (folder / "pids.max").read_text() == "7"
    (folder / "memory.stat").write_text(f"anon {3 << 20}\nfile 12345\n")
    assert group.memory_mib() == 3
    assert not group.killed_for_memory()
    (folder / "memory.events").write_text("max 3\noom 1\noom_kill 2\n")
    assert group.killed_for_memory()
    group.remove()
    assert not folder.exists()


def test_groups_of_workers_that_are_gone_are_swept(tree: Tree) -> None:
    root = tree("worker.service/main", given="worker.service")
    hierarchies()
    gone, ours = root / "worker.service/grader-99999999-a", root / f"worker.service/grader-{os.getpid()}-a"
    gone.mkdir()
    ours.mkdir()
    sweep()
    assert (gone.exists(), ours.exists()) == (False, True)
