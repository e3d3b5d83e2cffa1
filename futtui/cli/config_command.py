"""`futtui config ...`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from futtui.cli.options import HomeOption
from futtui.language.counting import counted

config_app = typer.Typer(help="Check and show the configuration.", rich_markup_mode=None, no_args_is_help=True)
FileOption = Annotated[Path | None, typer.Option("--config", help="Configuration file (default: ./config.yaml).")]


@config_app.command()
def check(config: FileOption = None, home: HomeOption = None) -> None:
    """Say whether the configuration can be used, or list every problem in it."""
    from futtui.cli.places import Places
    from futtui.config.settings import find_config, load, own_strategies

    file = find_config(config, Places.of(home).home)
    loaded = load(file)
    name = str(file) if file else "no file, all defaults"
    typer.echo(f"The configuration is fine ({name}; {counted(len(loaded.origins), 'value')} set).")
    own = own_strategies(loaded.settings, file)
    for title in own.titles:
        typer.echo(f"Your own strategy {title} can be used.")
    for problem in own.problems:
        typer.echo(problem)
    if own.problems:
        raise typer.Exit(1)


@config_app.command()
def show(config: FileOption = None, home: HomeOption = None) -> None:
    """Print every setting with its value and where the value comes from."""
    from futtui.cli.places import Places
    from futtui.config.report import effective_lines
    from futtui.config.settings import find_config, load

    for line in effective_lines(load(find_config(config, Places.of(home).home))):
        typer.echo(line)


@config_app.command()
def reference() -> None:
    """Print a configuration file with every setting at its default, commented."""
    from futtui.config.report import reference_text
    from futtui.config.settings import Settings

    heading = "Every setting of futtui at its default. Copy what you want to change into config.yaml."
    typer.echo(reference_text(Settings, heading), nl=False)
