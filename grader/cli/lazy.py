"""A click group whose commands are imported when they are called."""

from __future__ import annotations

import difflib
from importlib import import_module

import click


class LazyGroup(click.Group):
    """`commands_at` maps a command to ("module:object", "one line of help")."""

    def __init__(self, *args: object, commands_at: dict[str, tuple[str, str]], **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_at:
            return None
        module, _, name = self.commands_at[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.commands_at.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands_at and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}{suggestion(args[0], self.commands_at)}")
        return super().resolve_command(ctx, args)


def suggestion(given: str, known: object) -> str:
    """ ". Did you mean 'x'?", or "." with all that is known where nothing is near."""
    names = [str(name) for name in known]  # type: ignore[attr-defined]
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    near = near or [name for name in names if given and (given in name or name in given)][:1]
    if near:
        return f". Did you mean {near[0]!r}?"
    return f". There are: {', '.join(names)}." if names else "."
