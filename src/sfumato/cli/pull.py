"""sfumato pull: fetch weights, or list what there is to fetch."""

from typing import Annotated

import typer


def command(
    names: Annotated[list[str] | None, typer.Argument(help="What to fetch; none lists what there is.")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="I have read the licence of what I name.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The list as JSON on stdout.")] = False,
) -> None:
    """Fetch the weights of models, checked by their digests; their folders go to stdout.

    Nothing of what is fetched is run. What is here already is not fetched again. Without a name: the small models for
    the work around a picture; sfumato models lists those that paint.
    """
    from sfumato.cli import _tables
    from sfumato.cli._transfer import transfer
    from sfumato.studio import Studio

    studio = Studio()
    for name in names or []:
        with transfer() as show:
            folder = studio.pull(name, show, accept=accept)
        if not json:
            print(folder, flush=True)
    kept = studio.weights()
    if json:
        shown = [one for one in kept if not names or one.entry.name in names]
        _tables.print_json(
            [{**one.entry.model_dump(mode="json"), "state": one.state, "folder": str(one.folder)} for one in shown]
        )
    elif not names:
        _tables.print_table(
            ["name", "here", "size", "licence", "commercial use", "what it does"],
            [
                [
                    one.entry.name,
                    "yes" if one.state == "here" else "no",
                    f"{one.entry.bytes / 1e6:.1f} MB",
                    one.entry.licence,
                    "yes" if one.entry.commercial else "no",
                    one.entry.about,
                ]
                for one in kept
            ],
        )
