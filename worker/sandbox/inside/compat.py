"""Help for notebooks that were written elsewhere or years ago: names that NumPy and Matplotlib have removed,
google.colab and what Colab has, torchvision.

Nothing here changes what a student computes: each name stands for what it always stood for, and says so once.
"""

import importlib.util
import math
import os
import sys
import warnings

import undrawn

INSIDE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(INSIDE, "standins")
COMMANDS = os.path.join(INSIDE, "bin")
INSTALLERS = ("pip", "conda", "mamba", "micromamba", "uv")

BEFORE = {}  # what NumPy itself answers with
# name that NumPy removed -> expression of today with the same meaning
REMOVED = {
    "float": float,
    "int": int,
    "complex": complex,
    "object": object,
    "str": str,
    "math": math,
    "product": "prod",
    "cumproduct": "cumprod",
    "sometrue": "any",
    "alltrue": "all",
    "round_": "round",
    "float_": "float64",
    "complex_": "complex128",
    "unicode_": "str_",
    "string_": "bytes_",
    "mat": "asmatrix",
    "NaN": "nan",
    "NAN": "nan",
    "Inf": "inf",
    "Infinity": "inf",
    "infty": "inf",
    "PINF": "inf",
    "row_stack": "vstack",
    "trapz": "trapezoid",
    "in1d": "isin",
    "bool8": "bool_",
}
# the same for functions that no single one replaces
REWRITTEN = {
    "asscalar": ("a.item()", lambda a: a.item()),
    "alen": ("len(a)", len),
    "msort": ("np.sort(a, axis=0)", lambda a: sys.modules["numpy"].sort(a, axis=0)),
    "asfarray": ("np.asarray(a, dtype=float)", lambda a, dtype=float: sys.modules["numpy"].asarray(a, dtype=dtype)),
}


def install():
    """To be called before student code runs; NumPy may or may not have been imported yet."""
    sys.path.append(FOLDER)
    if "numpy" in sys.modules:
        extend_numpy(sys.modules["numpy"])
    else:
        sys.meta_path.insert(0, OnImport("numpy", after=extend_numpy))
    if "matplotlib.style" in sys.modules:
        extend_styles(sys.modules["matplotlib.style"])
    else:
        sys.meta_path.insert(0, OnImport("matplotlib.style", after=extend_styles))
    sys.meta_path.insert(0, OnImport("tqdm.notebook", after=draw_plain_bars))
    sys.meta_path.insert(0, OnImport("torchvision", before=declare_operators))
    sys.meta_path.insert(0, OnImport("torchvision.datasets.mnist", after=use_mounted_files))


def withhold(shell, names):
    """Takes back the helps that the assignment turns off, and figures where nobody looks at them, before student code
    runs."""
    if "figures" in names:
        undrawn.leave_undrawn(shell)
    if "numpy_names" in names:
        if not unhook("numpy"):
            forget_numpy_names(sys.modules["numpy"])
        if not unhook("matplotlib.style"):
            forget_styles(sys.modules["matplotlib.style"])
    if "colab" in names:
        sys.path.remove(FOLDER)
        unhook("tqdm.notebook")
    if "torchvision" in names:
        unhook("torchvision")
        unhook("torchvision.datasets.mnist")
    if "shell" in names:
        places = os.environ.get("PATH", "").split(os.pathsep)
        os.environ["PATH"] = os.pathsep.join(place for place in places if place != COMMANDS)
        for name in INSTALLERS:
            shell.magics_manager.magics["line"].pop(name, None)


def unhook(name):
    """Whether there was still a hook: the module had not been imported."""
    hooks = [hook for hook in sys.meta_path if isinstance(hook, OnImport) and hook.name == name]
    for hook in hooks:
        sys.meta_path.remove(hook)
    return bool(hooks)


def vision():
    """Loaded only where torchvision is used."""
    spec = importlib.util.spec_from_file_location("_grader_vision", os.path.join(INSIDE, "vision.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def declare_operators():
    vision().declare_operators()


def use_mounted_files(mnist):
    vision().use_mounted_files(mnist)


class OnImport:
    """An import hook that is there for one import: `before` is called first, `after` with the module."""

    def __init__(self, name, before=None, after=None):
        self.name, self.before, self.after = name, before, after

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        if self.before is not None:
            self.before()
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None or self.after is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            self.after(module)

        spec.loader.exec_module = exec_module
        return spec


def extend_numpy(numpy):
    original = getattr(numpy, "__getattr__", None)
    BEFORE["__getattr__"] = original

    def __getattr__(name):
        if (name in REMOVED or name in REWRITTEN) and not hasattr_of_module(numpy, name):
            shown, value = REWRITTEN[name] if name in REWRITTEN else today_of(numpy, REMOVED[name])
            text = f"[grader] `np.{name}` no longer exists in NumPy; `{shown}` is used in its place."
            warnings.warn(text, FutureWarning, stacklevel=2)
            return value
        if original is None:
            raise AttributeError(f"module 'numpy' has no attribute {name!r}")
        return original(name)

    numpy.__getattr__ = __getattr__


def today_of(numpy, name):
    if isinstance(name, str):
        return f"np.{name}", getattr(numpy, name)
    return getattr(name, "__name__", str(name)), name


def forget_numpy_names(numpy):
    if BEFORE["__getattr__"] is None:
        del numpy.__getattr__
    else:
        numpy.__getattr__ = BEFORE["__getattr__"]


def hasattr_of_module(module, name):
    return name in vars(module)


def extend_styles(style):
    """Matplotlib's copies of seaborn's styles go by the version of seaborn that they were taken from."""
    BEFORE["use"] = original = style.use
    today = {name.replace("-v0_8", "", 1): name for name in style.library if name.startswith("seaborn-v0_8")}

    def known(name):
        if not isinstance(name, str) or name not in today or name in style.library:
            return name
        text = f"[grader] Matplotlib no longer has the style `{name}`; `{today[name]}` is used in its place."
        warnings.warn(text, FutureWarning, stacklevel=3)
        return today[name]

    def use(style):
        return original([known(each) for each in style] if isinstance(style, (list, tuple)) else known(style))

    set_use(style, use)


def forget_styles(style):
    set_use(style, BEFORE["use"])


def set_use(style, use):
    style.use = use
    if hasattr(style, "core"):
        style.core.use = use


def draw_plain_bars(notebook):
    """tqdm's bars for notebooks need ipywidgets, which Colab has; its bars of text need nothing."""
    from tqdm import std

    notebook.tqdm = notebook.tqdm_notebook = std.tqdm
    notebook.trange = notebook.tnrange = std.trange
