import builtins
import os

from IPython.core import interactiveshell

WORK = "/home/student/work"
SAID = {}  # mountpoint -> what was said of it


def mount(mountpoint="/content/drive", force_remount=False, **_):
    """The working folder takes the place of the Drive's top folder, under both of its names."""
    place = os.path.realpath(mountpoint)
    try:
        os.makedirs(place, exist_ok=True)
        for name in ("MyDrive", "My Drive"):
            if not os.path.lexists(os.path.join(place, name)):
                os.symlink(WORK, os.path.join(place, name))
    except OSError:
        pass
    print(f"[grader] There is no Drive here; {mountpoint}/MyDrive is the working folder with the course files.")
    if mountpoint not in SAID:
        SAID[mountpoint] = set()
        builtins.open = finding(builtins.open, mountpoint)
        interactiveshell.io_open = builtins.open  # behind the `open` of cells
        os.chdir = entering(os.chdir, mountpoint)


def finding(original, mountpoint):
    """Files are read from folders that the student's Drive had; the course's are all in the working folder."""

    def open(file, mode="r", *args, **options):
        try:
            return original(file, mode, *args, **options)
        except FileNotFoundError:
            path = below(file, mountpoint) if "r" in mode and "+" not in mode else None
            name = os.path.basename(path or "")
            if not name or not os.path.isfile(os.path.join(WORK, name)):
                raise
            say(mountpoint, f"{path} was read from the working folder.")
            return original(os.path.join(WORK, name), mode, *args, **options)

    return open


def entering(original, mountpoint):
    def chdir(path):
        try:
            original(path)
        except FileNotFoundError:
            if below(path, mountpoint) is None:
                raise
            say(mountpoint, f"there is no folder {path} here; the working folder takes its place.")
            original(WORK)

    return chdir


def below(path, mountpoint):
    """The path as text where it is one of the Drive's, else None."""
    try:
        text = os.fspath(path)
    except TypeError:
        return None
    return text if isinstance(text, str) and text.startswith(mountpoint.rstrip("/") + "/") else None


def say(mountpoint, text):
    if text not in SAID[mountpoint]:
        SAID[mountpoint].add(text)
        print(f"[grader] {text}")


def flush_and_unmount(*_, **__):
    pass
