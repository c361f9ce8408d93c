"""Loads a file of ours so that what student code does to the builtins cannot reach it."""

import builtins
import importlib.util
import types


def private_module(name, path):
    """A module object that is in no sys.modules and has builtins of its own."""
    module = types.ModuleType(name)
    module.__dict__["__builtins__"] = dict(vars(builtins))
    module.__file__ = path
    with open(path, encoding="utf-8") as file:
        source = file.read()
    exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102  a file of ours
    return module


def private_json(**options):
    """(dumps, loads) made from copies of the standard library's encoder and decoder."""
    encoder = private_module("json.encoder", importlib.util.find_spec("json.encoder").origin)
    decoder = private_module("json.decoder", importlib.util.find_spec("json.decoder").origin)
    dumps = encoder.JSONEncoder(separators=(",", ":"), **options).encode
    return dumps, decoder.JSONDecoder().decode
