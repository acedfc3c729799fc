"""Command line: python -m explorer COMMAND, or exit-explorer COMMAND. The commands are in explorer/commands."""

from __future__ import annotations

from explorer.commands.app import app

# Each adds its commands to `app`; this is also their order in the help.
from explorer.commands import use, own, training, measure, furnish, publish  # isort: skip

__all__ = ["app", "furnish", "measure", "own", "publish", "training", "use"]

if __name__ == "__main__":
    app()
