"""What a kernel may use and do: resource limits, privileges, system calls, its beginning and its end."""

from __future__ import annotations

from tools.defences.defence import Defence, Edit
from tools.defences.places import CHILD, COLD, ISOLATE, ISOLATION, LIMITS, NOTEBOOKS, OUTER, WARM, notebooks


def resource(name: str, line: str, chosen: str) -> Defence:
    return notebooks(f"limit {name}", chosen, (LIMITS, f"        {line}\n", ""))


RESOURCES = (
    resource(
        "AS", '"AS": (limits.memory_mib + policy.address_space_margin_mib) * MIB,', "forty_gigabytes or raise_its"
    ),
    resource("FSIZE", '"FSIZE": limits.scratch_mib * MIB,', "terabyte or raise_its"),
    resource("NOFILE", '"NOFILE": policy.open_files,', "open_files_without_end or sockets_without_end"),
    resource("CORE", '"CORE": 0,', "raise_its"),
    resource("CPU", '"CPU": cpu_limit_s(limits) + WATCHER_FIRST_S,', "raise_its"),
    resource("SIGPENDING", '"SIGPENDING": policy.pending_signals,', "raise_its"),
    resource("MSGQUEUE", '"MSGQUEUE": policy.queue_bytes,', "raise_its"),
    resource("MEMLOCK", '"MEMLOCK": policy.locked_kib << 10,', "raise_its"),
    notebooks(
        "limit NPROC",
        "fork_until_refused or threads_without_end or raise_its",
        (LIMITS, "    if jailed:\n        resources", "    if False:\n        resources"),
        ("worker/sandbox/cgroups.py", 'return {"pids.max": processes} if', 'return {"pids.max": "max"} if'),
    ),
)
PRIVILEGES = (
    Defence(
        "capabilities dropped, forked",
        (Edit(ISOLATE, '    checked(libc.capset(header, nothing), "capset")\n'),),
        (WARM,),
        "no_rights_left",
    ),
    Defence(
        "bounding set emptied, forked",
        (Edit(ISOLATE, "for capability in range(LAST_CAPABILITY + 1):", "for capability in ():"),),
        (WARM,),
        "no_rights_left",
    ),
    notebooks(
        "capabilities dropped, cold",
        "have_rights and cold",
        (COLD, '"--cap-drop", "ALL"', '"--cap-add", "CAP_SYS_ADMIN"'),
    ),
    Defence(
        "no new privileges (without them Linux takes no filter, so that goes too)",
        (
            Edit(ISOLATE, '    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no new privileges")\n'),
            Edit(ISOLATE, "    if instructions:\n", "    if False:\n"),
        ),
        (WARM, NOTEBOOKS),
        "no_rights_left or (have_rights and forked)",
    ),
    notebooks(
        "system call filter, forked",
        "(io_uring or bpf or keyrings or hypervisor) and forked",
        (ISOLATE, "    if instructions:\n", "    if False:\n"),
    ),
    notebooks(
        "system call filter, cold",
        "(io_uring or bpf or keyrings or hypervisor) and cold",
        (COLD, "    if seccomp_fd is not None:\n", "    if False:\n"),
    ),
    notebooks(
        "no limits of other processes",
        "raise_its",
        ("worker/sandbox/seccomp.py", '"prlimit64": [load(FIRST_AT), *one_of([OF_ITSELF], ALLOW, refusal)],', ""),
    ),
    notebooks(
        "no priorities of all of a user",
        "slow_down_everything",
        ("worker/sandbox/seccomp.py", '"setpriority": [load(FIRST_AT), *one_of([PRIO_PROCESS], ALLOW, refusal)],', ""),
    ),
    notebooks(
        "no word of what others read",
        "be_told_who_reads",
        ("worker/sandbox/policy.toml", 'refused_fcntl = ["NOTIFY", "SETLEASE"]', "refused_fcntl = []"),
    ),
    Defence(
        "worker gives root up",
        (Edit("worker/sandbox/stage.py", "    os.setresuid(uid, uid, uid)\n"),),
        (ISOLATION,),
        "not_root",
    ),
    notebooks("new session, forked", "leave_its_session and forked", (CHILD, "        os.setsid()\n", "")),
    notebooks("new session, cold", "leave_its_session and cold", (COLD, '"--new-session", ', "")),
    notebooks("nobody looks into the jailer", "look_into and forked", (CHILD, "        isolate.hide()\n", "")),
    Defence(
        "descriptors closed, forked",
        (Edit(CHILD, "        isolate.close_all_but({jailer_fd, kernel_fd})\n"),),
        (WARM,),
        "no_open_file",
    ),
    notebooks(
        "stripped environment",
        "find_secrets",
        (
            "worker/sandbox/jail.py",
            "            env=dict(variables),\n",
            "            env={**os.environ, **variables},\n",
        ),
        (COLD, '"--clearenv", ', ""),
        (OUTER, ', "--clearenv"', ""),
    ),
    Defence(
        "cold kernel dies with its worker",
        (Edit(COLD, '"--die-with-parent", '),),
        (ISOLATION,),
        "outlives_a_worker and cold",
    ),
    Defence(
        "warm parent dies with its worker",
        (
            Edit(OUTER, '"--die-with-parent", '),
            # and it notices by itself
            Edit(
                "worker/sandbox/inside/zygote.py",
                "        if not data:\n            os._exit(0)\n",
                "        if not data:\n            signal.sigtimedwait([], 90)\n            os._exit(0)\n",
            ),
        ),
        (WARM,),
        "takes_parent_and_kernels_along",
    ),
    Defence(
        "random generators seeded anew",
        (Edit(CHILD, "    prepared.reseed()\n"),),
        ("tests/sandbox/test_equivalence.py",),
        "nobody_seeded and forked",
    ),
)
