"""Starts ipykernel on sockets that are already bound and listening. Arguments: the number of the config socket.

The config (one line of JSON) names the five sockets by file descriptor, the signing key and the limits. Replies,
one line each: "hello" (its sender's process id tells the worker which process the kernel is), then "ready", or
"error: …" and, once the worker has closed its side, the end. After "ready" the config socket is closed: student code
never sees it.
"""

import json
import os
import socket
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def main():
    channel = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(read_line(channel))
    sys.path.insert(0, FOLDER)
    try:
        prepare(config)
        channel.sendall(b"hello\n")
        from kernel import start_kernel

        app = start_kernel(config)
    except BaseException as problem:  # noqa: BLE001  whatever it is, the worker must hear of it
        channel.sendall(f"error: {type(problem).__name__}: {problem}".encode()[:2_000].replace(b"\n", b" ") + b"\n")
        channel.recv(1)
        os._exit(70)
    sys.path.remove(FOLDER)
    for name in ("compat", "kernel", "private", "resources", "streams", "undrawn"):
        sys.modules.pop(name, None)
    sys.path.insert(0, "")  # the working folder, as in every kernel
    channel.sendall(b"ready\n")
    channel.close()
    app.start()
    os._exit(0)


def read_line(channel):
    line = b""
    while not line.endswith(b"\n"):
        part = channel.recv(65_536)
        if not part:
            os._exit(70)
        line += part
    return line


def prepare(config):
    from resources import apply_limits, die_with_parent, keep_freed_memory

    if config["die_with_parent"]:
        die_with_parent()
    apply_limits(config["resources"])
    keep_freed_memory()
    os.chdir(config["folder"])
    sys.path[:] = [entry for entry in sys.path if entry not in ("", FOLDER)]
    sys.path.insert(0, FOLDER)
    sys.argv[:] = ["ipykernel_launcher.py"]
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


if __name__ == "__main__":
    main()
