"""The command line: one file a command; each reads words, calls the studio, shows the answer.

Data goes to stdout, everything else to stderr. Exit 0: done; 1: it could not be done; 2: the request was wrong;
130: stopped by Ctrl-C. To add a command, add a file with a function `command`; its docstring is its help. A folder is a
group of commands; a `command` in its `__init__.py` is what the group does by itself.
Modules here import the studio late, inside the function, so that `--help` is quick.
"""

import io
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import cast

import typer

from sfumato.cli._written_out import written_out
from sfumato.core.errors import Cancelled, RequestError, SfumatoError

# ClickException, whether Typer brings its own click or uses the other
UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[2])

STOPPED = 130


def build(words: Sequence[str] = ()) -> typer.Typer:
    """The command line, with every command of this folder; or with the one that the first of some words names."""
    app = typer.Typer(
        name="sfumato",
        help="Paint pictures from words, on your own machine.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    add_commands(app, __name__, __path__, *words[:1])

    @app.callback(invoke_without_command=True)
    def everywhere(version: bool = typer.Option(False, "--version", help="Show the version and leave.")) -> None:
        """Paint pictures from words, on your own machine."""
        if version:
            from sfumato import __version__

            print(f"sfumato {__version__}")
            raise typer.Exit

    return app


def add_commands(app: typer.Typer, package: str, folders: Iterable[str], wanted: str = "") -> None:
    """Every command of a package's folders, and of the folders in it. wanted: where one is called so, that alone."""
    there = {each.name.replace("_", "-"): each for each in iter_modules(folders) if not each.name.startswith("_")}
    for name, found in {wanted: there[wanted]}.items() if wanted in there else sorted(there.items()):
        module = import_module(f"{package}.{found.name}")
        if not found.ispkg:
            app.command(name)(written_out(module.command))
            continue
        alone = getattr(module, "command", None)
        group = typer.Typer(help=(alone or module).__doc__, no_args_is_help=alone is None)
        if alone is not None:
            group.callback(invoke_without_command=True)(written_out(alone))
        add_commands(group, module.__name__, module.__path__)
        app.add_typer(group, name=name)


def main() -> None:
    """Run the command line; errors of ours become one line and an exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a path of any bytes comes out as it is
    try:
        code = build(sys.argv[1:])(prog_name="sfumato", standalone_mode=False) or 0
        if code == STOPPED:  # Typer makes this of Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code)
    except UsageError as error:
        leave(error.format_message() or "no command given: see sfumato --help", 2)
    except RequestError as error:
        leave(str(error), 2)
    except Cancelled:
        leave("stopped", STOPPED)
    except SfumatoError as error:
        leave(str(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        leave("stopped; no half file is left", STOPPED)


def leave(message: str, code: int) -> None:
    """Say why on stderr, in one line, and end with an exit code."""
    print("sfumato: " + " ".join(message.encode(errors="replace").decode().split()), file=sys.stderr)
    sys.exit(code)
