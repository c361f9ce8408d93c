"""What gunicorn serves: `gunicorn --worker-class gthread --threads 40 grader.web.wsgi:app`.

More threads than grader.web.events.MOST_STREAMS, so that pages are served while students watch their results.
"""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

from grader.db.revisions import TablesBehind, require_at_start
from grader.measuring.adding import Adder
from grader.private_files import make_private
from grader.settings import Settings
from grader.web.app import create_app
from grader.web.backend import backend
from grader.web.events import end_streams
from telemetry import tracing

NOT_LOADED = 4  # gunicorn ends when a worker ends so, instead of starting it again and again


def _end_streams_first() -> None:
    """On the signals that stop a worker, let go of the open streams, then do what was to be done anyway.

    gunicorn loads the application after it has set its own handlers; without this it would wait for the streams
    for as long as its grace lasts.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        before = signal.getsignal(number)
        if callable(before):

            def handle(received: int, frame: FrameType | None, before: object = before) -> None:
                end_streams()
                assert callable(before)
                before(received, frame)

            signal.signal(number, handle)


if threading.current_thread() is threading.main_thread():
    _end_streams_first()
make_private()
tracing.configure("web")
settings = Settings.load()
try:
    require_at_start(settings.database_url)
except TablesBehind as error:
    print(f"web does not start: {error}", file=sys.stderr, flush=True)
    sys.exit(NOT_LOADED)
app = create_app(settings)
with app.app_context():
    Adder(backend().writing).start()
