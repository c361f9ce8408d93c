# ruff: noqa: E501  the lines of notebooks
"""Notebooks that say more than anybody can hear, on every channel and of every kind."""

from __future__ import annotations

from .attack import Attack

TOO_MUCH = "printed more than 2 MiB"
LONG = {"wall_s": 90, "cell_s": 60}  # it is over once it has said too much
GIANT = {**LONG, "memory_mib": 2_000}  # several copies of what is said are made before it is said
MIME_TYPES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
    "application/json",
    "application/javascript",
    "application/pdf",
    "application/vnd.jupyter.widget-view+json",
    "application/x-unheard-of",
)


def flood(name: str, source: str, reason: str = TOO_MUCH, **options: object) -> Attack:
    ends = ("died|timeout", "skipped")
    return Attack(name, (source, "1"), ends, reason=reason, **{"limits": LONG, **options})  # type: ignore[arg-type]


def of_mime_type(kind: str) -> Attack:
    name = "show_" + kind.replace("/", "_").replace("+", "_").replace(".", "_").replace("-", "_") + "_without_end"
    return flood(name, f"while True: display({{{kind!r}: 'x' * 100_000}}, raw=True)")


PARTS = """
import os, select, socket, threading
part = b'\\x03' + (1 << 16).to_bytes(8, 'big') + b'x' * (1 << 16)  # long, and more parts follow
def flood(end):
    while True:
        left = memoryview(part)
        while left:
            select.select([], [end], [])
            left = left[end.send(left):]
floods = []
for number in range(3, 200):
    try:
        end = socket.socket(fileno=os.dup(number))
        end.getpeername()
    except OSError: continue
    floods.append(threading.Thread(target=flood, args=(end,)))
    floods[-1].start()
for thread in floods: thread.join()
"""
SPEAK = "kernel = get_ipython().kernel\nsession, socket = kernel.session, kernel.iopub_socket\n"

ATTACKS = (
    flood("print_for_ever", "while True: print('spam ' * 1000)", cold=True),
    flood("print_errors_for_ever", "import sys\nwhile True: sys.stderr.write('spam ' * 1000)"),
    flood(
        "write_to_the_descriptors_for_ever",
        "import os\nwhile True: os.write(1, b'spam ' * 1000); os.write(2, b'x' * 999)",
    ),
    flood("programs_that_print_for_ever", "!yes"),
    flood("children_that_print_for_ever", "import os\nos.fork(); os.fork()\nwhile True: print('x' * 9999)", cold=True),
    flood("one_giant_output", "'x' * (20 << 20)", cold=True, limits=GIANT),
    flood("one_giant_error", "raise ValueError('x' * (20 << 20))", limits=GIANT),
    flood("empty_lines_without_end", "import sys\nwhile True: sys.stdout.write('\\n'); sys.stdout.flush()"),
    flood(
        "clear_and_show_again",
        "from IPython.display import clear_output\nwhile True: clear_output(); display('x' * 9999)",
    ),
    flood("update_one_display_for_ever", "h = display('', display_id=True)\nwhile True: h.update('x' * 9999)"),
    flood("deep_metadata", "while True: display({'text/plain': ''}, raw=True, metadata={'x': [['y' * 9999]]})"),
    flood(
        "open_channels_to_widgets_for_ever",
        SPEAK
        + "while True: session.send(socket, 'comm_open', {'comm_id': '1', 'target_name': 'x', 'data': 'x' * 9999})",
    ),
    flood(
        "pages_for_a_pager_nobody_has",
        "for _ in range(3000): get_ipython().payload_manager.write_payload({'source': 'page', 'x': str(_) * 999}, single=False)",
    ),
    flood("one_message_of_parts_without_end", PARTS, cold=True),
    flood(
        "two_million_messages_that_say_nothing",
        SPEAK + "while True: session.send(socket, 'stream', {})",
        "printed more|malformed",
    ),
    Attack(
        "many_small_outputs",
        ("for n in range(800): display({'text/plain': 'x'}, raw=True)", "1"),
        ("ok|died", "ok|skipped"),
        limits={"output_mib": 8},
    ),
    Attack(
        "steer_the_terminal_of_whoever_reads_it",
        ("class E(Exception): pass\nE.__name__ = '\\x1b]0;owned\\x07'\nraise E('\\x1b[2J\\x9b\\u202e\\x00')",),
        ("error",),
        error="^[^\x1b\x9b\x00\x07\u202e]*$",
    ),
    Attack("ask_for_input_for_ever", ("while True: input('name?')",), ("error",), error="StdinNotImplementedError"),
    Attack(
        "print_when_asked",
        ("def double(x):\n    while True: print('spam ' * 1000)", "total = 4950.0"),
        ("ok", "ok"),
        points=4,
        limits={"call_s": 1, "wall_s": 60},
    ),
    *(of_mime_type(kind) for kind in MIME_TYPES),
)
