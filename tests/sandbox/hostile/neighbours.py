# ruff: noqa: E501  the lines of notebooks
"""Pairs of notebooks that try to talk to each other: the first leaves word wherever it can, the second looks there."""

from __future__ import annotations

from .attack import TOOLS, Attack

STAY = "\nimport time; time.sleep(0.8)"
LOOK = "\nimport time\nuntil = time.monotonic() + 0.7\nwhile time.monotonic() < until:\n    look(); time.sleep(0.05)"


def pair(name: str, leaves: str, looks: str, **options: object) -> Attack:
    """`looks` defines look(), which raises Escaped when it finds what was left."""
    return Attack(
        name,
        (TOOLS, looks + LOOK),
        ("ok", "ok"),
        accomplice=(TOOLS, leaves + STAY),
        **options,  # type: ignore[arg-type]
    )


ATTACKS: tuple[Attack, ...] = (
    pair(
        "meet_in_files",
        "for folder in ('/tmp', '/dev/shm', '.', os.path.expanduser('~'), '/var/tmp', '/run'):\n"
        "    try: open(folder + '/meeting', 'w').write('here')\n    except OSError: pass",
        "def look():\n    for folder in ('/tmp', '/dev/shm', '.', os.path.expanduser('~'), '/var/tmp', '/run'):\n"
        "        if os.path.exists(folder + '/meeting'): raise Escaped(folder)",
        cold=True,
    ),
    pair(
        "meet_on_an_abstract_socket",
        "s = socket.socket(socket.AF_UNIX); s.bind('\\0meeting'); s.listen()",
        "def look():\n    refused('abstract', lambda: socket.socket(socket.AF_UNIX).connect('\\0meeting'))",
        cold=True,
    ),
    pair(
        "meet_on_a_port",
        "s = socket.create_server(('127.0.0.1', 45678)); u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "u.bind(('127.0.0.1', 45679))",
        "free = socket.create_server(('127.0.0.1', 45679))\n"
        "def look():\n    refused('port', socket.create_connection, ('127.0.0.1', 45678), 1)",
        cold=True,
    ),
    pair(
        "meet_in_system_v_semaphores",
        "libc.semget(4711, 1, 0o1666)",
        "def look():\n    if libc.semget(4711, 1, 0o666) != -1: raise Escaped('semaphore')",
        cold=True,
    ),
    pair(
        "meet_in_named_semaphores_and_shared_memory",
        "from multiprocessing import shared_memory\ntry: kept = shared_memory.SharedMemory('meeting', True, 4096)\nexcept OSError: pass\n"
        "import ctypes.util\nlibc.sem_open(b'/meeting', os.O_CREAT, 0o666, 1)",
        "from multiprocessing import shared_memory\n"
        "def look(): refused('shared memory', shared_memory.SharedMemory, 'meeting')\n"
        "assert not [n for n in os.listdir('/dev/shm') if 'meeting' in n]",
        cold=True,
    ),
    pair(
        "meet_by_process_numbers",
        "import signal\nsignal.signal(signal.SIGUSR1, lambda *a: None)\n"
        "if os.fork() == 0:\n    import time; time.sleep(1); os._exit(0)",
        "def look():\n    for pid in range(1, 2000):\n        if pid not in (1, os.getppid()) and not os.path.exists(f'/proc/self/task/{pid}'):\n"
        "            refused(f'process {pid}', os.kill, pid, 10)",
        cold=True,
    ),
    pair(
        "meet_by_locks_on_course_files",
        "import fcntl\nf = open('data.csv'); fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "import fcntl\ndef look():\n    f = open('data.csv'); fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); f.close()",
    ),
    pair(
        "meet_by_changing_course_files",
        "for change in (lambda: os.utime('data.csv'), lambda: os.setxattr('data.csv', 'user.x', b'here'), lambda: os.chmod('data.csv', 0o777)):\n"
        "    refused('change', change)",
        "before = os.stat('data.csv').st_mtime_ns\ndef look():\n"
        "    if os.stat('data.csv').st_mtime_ns != before or os.listxattr('data.csv'): raise Escaped('file')",
        cold=True,
    ),
    pair(
        "meet_in_keyrings",
        "libc.syscall(248, b'user', b'meeting', b'here', 4, -4)",
        "def look(): refused('key', syscall, 249, b'user', b'meeting', 0, 0)",
        cold=True,
    ),
    pair(
        "meet_in_message_queues",
        "libc.msgget(4711, 0o1666); libc.syscall(240, b'meeting', 66, 438, 0)",
        "def look():\n    if libc.msgget(4711, 0o666) != -1: raise Escaped('queue')",
        cold=True,
    ),
    pair(
        "meet_in_the_host_name",
        "try: socket.sethostname('meeting')\nexcept OSError: pass",
        "def look():\n    if socket.gethostname() == 'meeting': raise Escaped('host name')",
        cold=True,
    ),
    pair(
        "meet_in_the_common_parent",
        "import numpy\nnumpy.meeting = sys.meeting = 'here'\nimport json; json.meeting = 'here'",
        "import numpy, json\ndef look():\n    if hasattr(numpy, 'meeting') or hasattr(sys, 'meeting') or hasattr(json, 'meeting'): "
        "raise Escaped('module')",
    ),
    pair(
        "starve_the_neighbour_of_processor_time",
        "for _ in range(15):\n    if os.fork() == 0:\n        import time; until = time.monotonic() + 0.8\n"
        "        while time.monotonic() < until: pass\n        os._exit(0)",
        "def look(): pass",
        alone=True,
    ),
)
