"""What the jail is made of: namespaces and mounts."""

from __future__ import annotations

from tools.defences.defence import Defence, Edit
from tools.defences.places import CHILD, COLD, ISOLATE, ISOLATION, OUTER, RUNNING, SHARES, WARM, notebooks


def namespace(name: str, flag: str) -> Defence:
    edit = Edit(ISOLATE, flag + " | ", "") if not flag.endswith("CGROUP") else Edit(ISOLATE, f" | {flag})", ")")
    return Defence(f"forked: {name} namespace", (edit,), (WARM,), SHARES)


def cold_namespace(name: str, option: str, chosen: str = SHARES) -> Defence:
    edit = Edit(COLD, f'*("--unshare-user", {_options()}),', f'*("--unshare-user", {_options(option)}),')
    return Defence(f"cold: {name} namespace", (edit,), (ISOLATION,), f"{chosen} and cold")


def _options(without: str = "") -> str:
    return ", ".join(f'"{option}"' for option in COLD_OPTIONS if option != without)


COLD_OPTIONS = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")

NAMESPACES = (
    namespace("mount", "CLONE_NEWNS"),
    namespace("ipc", "CLONE_NEWIPC"),
    namespace("host name", "CLONE_NEWUTS"),
    namespace("network", "CLONE_NEWNET"),
    namespace("control group", "CLONE_NEWCGROUP"),
    Defence(
        "forked: process namespace",
        (
            Edit(
                "worker/sandbox/inside/zygote.py",
                "        isolate.unshare(isolate.CLONE_NEWPID)  # of the next child\n",
            ),
        ),
        (WARM,),
        SHARES,
    ),
    Defence(
        "forked: user namespace",
        (Edit(ISOLATE, "    unshare(CLONE_NEWUSER)\n", "    return\n"),),
        (WARM,),
        SHARES,
    ),
    *(cold_namespace(option.rpartition("-")[2], option) for option in COLD_OPTIONS),
    Defence(
        "cold: control group namespace",
        (Edit(COLD, "        cgroup_namespace(),\n"),),
        (ISOLATION,),
        f"{SHARES} and cold",
    ),
    notebooks(
        "forked: no further user namespaces",
        "have_rights and forked",
        (ISOLATE, '    write("/proc/sys/user/max_user_namespaces", "0")\n', ""),
    ),
    Defence(
        "cold: no further user namespaces",
        (Edit(COLD, '        arguments.append("--disable-userns")\n', "        pass\n"),),
        (ISOLATION,),
        "even_without_a_filter",
    ),
    notebooks(
        "forked: a /proc of its own",
        "(see_other or look_into) and forked",
        (ISOLATE, '    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)\n', ""),
    ),
)
MOUNTS = (
    notebooks(
        "root and /dev read-only, cold",
        "write_to_the_system and cold",
        (COLD, '"--remount-ro", "/dev", "--remount-ro", "/", ', ""),
    ),
    notebooks(
        "root and /dev read-only, forked",
        "write_to_the_system and forked",
        (OUTER, '"--remount-ro", "/dev", "--remount-ro", "/", ', ""),
    ),
    notebooks(
        "/usr read-only", "write_to_the_system", (COLD, '("--ro-bind", "/usr", "/usr")', '("--bind", "/usr", "/usr")')
    ),
    notebooks(
        "interpreter and our files read-only",
        "write_to_the_system",
        (COLD, '["--ro-bind", str(host), str(jail)]', '["--bind", str(host), str(jail)]'),
        ("worker/sandbox/identity.py", 'if before != "--ro-bind":', 'if before not in ("--bind", "--ro-bind"):'),
    ),
    notebooks(
        "nothing but chosen devices", "use_devices", (COLD, '("--tmpfs", "/dev")', '("--dev-bind", "/dev", "/dev")')
    ),
    notebooks(
        "devices read-only, forked",
        "other_times and forked",
        ("worker/sandbox/inside/zygote.py", "        isolate.devices_read_only()\n", ""),
    ),
    notebooks(
        "no file system of the machine",
        "files_of_the_machine",
        (
            COLD,
            '    yield from ("--proc", "/proc")\n',
            '    yield from ("--proc", "/proc", "--ro-bind", "/etc", "/etc", "--ro-bind", "/var", "/var")\n',
        ),
    ),
    notebooks(
        "course files read-only, forked",
        "change_course and forked",
        (
            CHILD,
            "        isolate.bind_read_only(copy, name)\n",
            "        isolate.mount(copy, name, None, isolate.MS_BIND)\n",
        ),
    ),
    notebooks(
        "course files read-only, cold",
        "change_course and cold",
        (COLD, 'arguments += ["--ro-bind", str(host), name]', 'arguments += ["--bind", str(host), name]'),
        ("worker/sandbox/identity.py", 'if before != "--ro-bind":', 'if before not in ("--bind", "--ro-bind"):'),
    ),
    notebooks(
        "scratch of limited size, forked",
        "(disk_for_ever or shared_memory_files) and forked",
        (
            CHILD,
            "    isolate.mount(None, HOME, None, flags, f\"size={order['scratch_bytes']}\")\n",
            '    isolate.mount(None, HOME, None, flags, "size=8g")\n',
        ),
    ),
    notebooks(
        "scratch of limited size, cold",
        "disk_for_ever and cold",
        (COLD, '("--size", str(limits.scratch_mib << 20), "--tmpfs", HOME)', '("--tmpfs", HOME)'),
    ),
    notebooks(
        "shared memory of limited size, forked",
        "shared_memory_files_in_pieces and forked",
        (
            CHILD,
            '    isolate.mount(None, "/dev/shm", None, flags, f"size={order[\'shared_bytes\']}")\n',
            '    isolate.mount(None, "/dev/shm", None, flags, "size=8g")\n',
        ),
    ),
    notebooks(
        "shared memory of limited size, cold",
        "shared_memory_files_in_pieces and cold",
        (
            COLD,
            '("--perms", "1777", "--size", str(shared_memory_mib(limits) << 20), "--tmpfs", "/dev/shm")',
            '("--perms", "1777", "--tmpfs", "/dev/shm")',
        ),
    ),
    Defence(
        "course files only below the working folder",
        (Edit(COLD, "if path.is_absolute() or not path.parts", "if False and path.is_absolute() or not path.parts"),),
        (RUNNING,),
        "cannot_be_put_elsewhere and cold",
    ),
)
