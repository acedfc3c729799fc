"""site, deploy, screens: the page as static files, on a Space, and as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from explorer.commands.app import app, fail


@app.command()
def site(
    out: Annotated[Path, typer.Argument(help="the folder to write")] = Path("site"),
    model: Annotated[
        list[str] | None,
        typer.Option(help="a model of the site, the first one opens [default: photos, fashion]"),
    ] = None,
    repo_id: Annotated[str | None, typer.Option(help="the static Space it is for, USER/NAME")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="show it once it is written")] = False,
    port: Annotated[int, typer.Option(help="where --serve shows it")] = 7861,
) -> None:
    """Write the page without a server: static files, the network runs in the visitor's browser (needs npm)."""
    from explorer.web.plain_server import file_server
    from explorer.web.site import build_site

    try:
        size = build_site(out, model or (), repo_id)
        print(f"{out}: {size / 1e6:.1f} MB, ready for any host of plain files")
        if serve:
            server, _ = file_server(out, port)
            print(f"http://127.0.0.1:{port}/ (Ctrl+C ends it)", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print("stopped")
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def deploy(
    repo_id: Annotated[str, typer.Argument(metavar="USER/NAME", help="the Space on the Hugging Face hub")],
    static: Annotated[
        bool, typer.Option("--static", help="the edition without a server, for a static Space (needs npm)")
    ] = False,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="a model of your own to take along; with --static: one of the site, the first opens"
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="if the Space is made now: for you alone")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only list what would go")] = False,
) -> None:
    """Put this page on a Hugging Face Space: make it if needed, and make its files equal to what the page needs."""
    from explorer.deploy import deploy as send

    try:
        files = send(repo_id, static, model or (), private, dry_run)
    except (ValueError, OSError) as error:
        fail(error)
    if dry_run:
        for name, size in files:
            print(f"{size:>12,}  {name}")
    total = f"{len(files)} files, {sum(size for _, size in files) / 1e6:.1f} MB"
    print(f"{total} would go to {repo_id}." if dry_run else f"{total} are on the Space {repo_id}.")


@app.command()
def screens(
    out: Annotated[Path, typer.Option(help="where the pictures go")] = Path("docs/screens"),
    only: Annotated[list[str] | None, typer.Argument(metavar="[TAB]...", help="[default: all]")] = None,
) -> None:
    """Take a picture of every tab, light and dark, at desktop and phone width (needs Playwright and a Chromium)."""
    from explorer.bench.screens import run

    try:
        run(out, only)
    except ValueError as error:
        fail(error)
