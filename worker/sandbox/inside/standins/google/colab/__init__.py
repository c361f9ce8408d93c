"""Stands in for the part of google.colab that course notebooks use, where there is neither Colab nor a Drive."""

from . import drive, files, output  # noqa: F401
