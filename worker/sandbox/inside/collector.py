"""Answers the worker's requests: the value of a name, the result of a call. Nothing here knows a right answer.

The launcher runs this file with a private copy of the builtins, before any code of the student's, and no name of
it is put into the notebook. What the student redefines does not reach it; whoever goes looking for it in memory
can make it send a wrong value and no more.
"""

import builtins
import difflib
import linecache
import random
import sys
import types

MISSING = object()
MAX_MESSAGE = 2_000
MAX_NEAR = 3
HIDDEN = {"In", "Out", "exit", "quit", "get_ipython", "open"}


class Collector:
    """`encoder` and `decoder` are the classes of wire.py; `names` is the notebook's own dictionary of globals."""

    def __init__(self, wire, names, shell):
        self.wire = wire
        self.names = names
        self.shell = shell
        self.builtins = dict(vars(builtins))
        self.random_state = (random.getstate, random.setstate)
        self.null_publisher = None
        self.kept = None  # the states of the random generators, as long as nothing but questions is answered

    def answer(self, request, data):
        """One reply, as (tree, bytes), to one request, as (tree, bytes). Never raises for what students do."""
        theirs = self.own_builtins()
        try:
            answers = {"read": self.read, "call": self.call}
            return answers[request["ask"]](request, data, theirs)
        except self.wire.Uncarried as problem:
            return ["uncarried", str(problem)], b""
        except BaseException as problem:  # noqa: BLE001  an interrupt, or a trap laid by the student
            return ["uncarried", f"reading it failed: {describe(problem)[0]}"], b""
        finally:
            self.restore_builtins(theirs)

    @staticmethod
    def restore_builtins(theirs):
        vars(builtins).update(theirs)

    def own_builtins(self):
        """Puts the original builtins in place, and returns those that the student had put there instead."""
        current = vars(builtins)
        theirs = {
            name: current[name]
            for name, original in self.builtins.items()
            if name in current and current[name] is not original
        }
        current.update(self.builtins)
        return theirs

    def read(self, request, data, theirs):
        name = request["name"]
        value = dict.get(self.names, name, MISSING)
        if value is MISSING:
            return ["missing", name, self.near(name, callables=False)], b""
        encoder = self.wire.Encoder()
        return ["got", encoder.node(value), []], encoder.data()

    def call(self, request, data, theirs):
        name = request["function"]
        decoder = self.wire.Decoder(data)
        arguments = [decoder.value(node) for node in request["arguments"]]
        keywords = {key: decoder.value(node) for key, node in request["keywords"].items()}
        variables = {key: decoder.value(node) for key, node in request["variables"].items()}
        variables.update(self.given(request["given"]))
        target = dict.get(variables, name, dict.get(self.names, name, MISSING))
        if target is MISSING:
            return ["missing", name, self.near(name, callables=True)], b""
        if not callable(target):
            return ["notcallable", name, self.wire.type_name(target)], b""
        before = [self.form(argument) for argument in arguments]
        with Undone(self, variables, theirs) as undone:
            try:
                value = target(*arguments, **keywords)
            except BaseException as problem:  # noqa: BLE001  SystemExit and interrupts too are the student's
                undone.stop()
                return ["raised", *describe(problem), self.line(problem)], b""
        changed = [i for i, form in enumerate(before) if form is not None and self.form(arguments[i]) != form]
        encoder = self.wire.Encoder()
        return ["got", encoder.node(value), changed], encoder.data()

    def random_restores(self):
        """Every call puts the generators back to where it found them: so one look is enough for many calls in a row,
        as long as no other generator comes in. Saving NumPy's state takes as long as many a call."""
        if self.kept is None:
            return random_restores(self.random_state)
        present = generators()
        if self.kept.get("present") != present:
            self.kept.update(present=present, restores=random_restores(self.random_state))
        return self.kept["restores"]

    def given(self, source):
        if not source:
            return {}
        scope = {"__builtins__": self.builtins, "__name__": "__main__"}
        exec(compile(source, "<given>", "exec"), scope)  # noqa: S102  source of the check, not of the student
        return {name: value for name, value in scope.items() if not name.startswith("__")}

    def form(self, argument):
        """The encoded argument if it can be changed in place, else None."""
        if argument is None or isinstance(argument, (bool, int, float, complex, str, bytes)):
            return None
        encoder = self.wire.Encoder()
        return repr(encoder.node(argument)), encoder.data()

    def near(self, name, callables):
        """Names that look like `name`: other case, underscores, a slip of the pen, cut short or made longer."""
        mine = [
            key
            for key, value in list(self.names.items())
            if type(key) is str
            and not key.startswith("_")
            and key not in HIDDEN
            and not isinstance(value, types.ModuleType)
            and (callable(value) or not callables)
        ][:2_000]
        plain = {key: key.replace("_", "").lower() for key in mine}
        wanted = name.replace("_", "").lower()
        same = [key for key in mine if plain[key] == wanted]
        close = difflib.get_close_matches(wanted, list(plain.values()), n=MAX_NEAR, cutoff=0.75)
        close += [key for key in plain.values() if begins_alike(key, wanted)]
        return (same + [key for key in mine if plain[key] in close and key not in same])[:MAX_NEAR]

    def line(self, problem):
        """The last line of the notebook's own code that the exception passed through."""
        text, step = "", problem.__traceback__
        while step is not None:
            if step.tb_frame.f_globals is self.names:
                text = linecache.getline(step.tb_frame.f_code.co_filename, step.tb_lineno).strip() or text
            step = step.tb_next
        return text[:200]


def begins_alike(one, other):
    """Is the shorter one a beginning of the other, and at least half of it?"""
    short, long = sorted((one, other), key=len)
    return len(short) >= 6 and 2 * len(short) >= len(long) and long.startswith(short)


class Undone:
    """For the length of one call: sets variables, silences output, and afterwards puts all of it back,
    the random generators too, so that grading in the middle of a notebook does not change what comes later."""

    def __init__(self, collector, variables, theirs):
        self.collector = collector
        self.variables = variables
        self.theirs = theirs
        self.running = False

    def __enter__(self):
        names = self.collector.names
        self.before = {key: dict.get(names, key, MISSING) for key in self.variables}
        self.figures = figure_numbers()
        self.restores = self.collector.random_restores()
        self.streams = sys.stdout, sys.stderr, self.collector.shell.display_pub
        dict.update(names, self.variables)
        sys.stdout = sys.stderr = Silence()
        if self.collector.null_publisher is not None:
            self.collector.shell.display_pub = self.collector.null_publisher
        vars(builtins).update(self.theirs)
        self.running = True
        return self

    def __exit__(self, *problem):
        self.stop()

    def stop(self):
        if not self.running:
            return
        self.running = False
        self.theirs.update(self.collector.own_builtins())
        sys.stdout, sys.stderr, self.collector.shell.display_pub = self.streams
        for key, value in self.before.items():
            if value is MISSING:
                dict.pop(self.collector.names, key, None)
            else:
                dict.__setitem__(self.collector.names, key, value)
        for restore in self.restores:
            quietly(restore)
        quietly(lambda: close_figures(self.figures))


class Silence:
    """A text stream that keeps nothing."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def write(self, text):
        return len(text)

    def writelines(self, lines):
        pass

    def flush(self):
        pass

    def isatty(self):
        return False

    def writable(self):
        return True

    def fileno(self):
        raise OSError("output of graded calls is not kept")


def quietly(action):
    try:
        return action()
    except Exception:  # noqa: BLE001  the student may have replaced anything
        return None


def generators():
    """What tells whether `random_restores` would save the same generators."""
    torch = sys.modules.get("torch")
    return sys.modules.get("numpy"), torch, torch is not None and quietly(lambda: torch.cuda.is_initialized())


def random_restores(python_state):
    """One action for each random generator, which sets it back to what it is now."""
    restores = []
    get, put = python_state
    state = quietly(get)
    restores.append(lambda: put(state))
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy_state = quietly(lambda: numpy.random.get_state())
        restores.append(lambda: numpy.random.set_state(numpy_state))
    if torch is not None:
        torch_state = quietly(lambda: torch.random.get_rng_state())
        restores.append(lambda: torch.random.set_rng_state(torch_state))
        if quietly(lambda: torch.cuda.is_initialized()):
            cuda_states = quietly(lambda: torch.cuda.get_rng_state_all())
            restores.append(lambda: torch.cuda.set_rng_state_all(cuda_states))
    return restores


def figure_numbers():
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(quietly(lambda: pyplot.get_fignums()) or ()) if pyplot is not None else set()


def close_figures(before):
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        for number in set(pyplot.get_fignums()) - before:
            pyplot.close(number)


def describe(problem):
    """The class and the message of an exception, whatever its own methods do."""
    name = type(problem).__name__
    try:
        message = str(problem)
        message = message if type(message) is str else ""
    except BaseException:  # noqa: BLE001  a hostile __str__
        message = ""
    return str(name)[:200], message[:MAX_MESSAGE]
