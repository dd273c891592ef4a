"""What all commands of the command line share: options, exit codes, errors with their remedy."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hub.commands import show
from hub.errors import HubError

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("hub.yaml"),
    show_default=True,
    help="The configuration file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, for machines.")


def reporting(command: Callable[..., int]) -> Callable[..., None]:
    """Exit with the command's code; an error of ours is printed with its remedy and exits 2."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            code = command(*args, **kwargs)
        except HubError as err:
            show.error(err)
            code = 2
        sys.exit(code)

    return run


def answering(command: Callable[..., int]) -> Callable[..., None]:
    """A command that reads the configuration and answers people or, with `--json`, machines."""
    return config_option(json_option(reporting(command)))
