import os

WORK = "/home/student/work"


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


def flush_and_unmount(*_, **__):
    pass
