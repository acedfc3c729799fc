"""train, ship: make a network learn."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from explorer.commands.app import app, fail

# Which options say something to which training. Another one that is given is refused, not passed over.
_LEARNED = {"recipe", "model", "data", "seed", "threads", "images", "as_released"}
_FASHION = {"recipe", "data", "out", "passes", "seed", "threads", "backbone"}
_DISTILLED = {"recipe", "data", "teacher", "backbone", "out", "labelled", "settings"}
_DISTILLED |= {"size", "lr", "batch", "seed", "device", "threads", "precision"}
_NOT_OWN = {"model", "as_released", "labelled", "settings"}
_SPELT = {"settings": "--set"}


@app.command()
def train(
    context: typer.Context,
    recipe: Annotated[
        str,
        typer.Option(
            help="lgvit, lgvit-stage1, sdn, deebert, softmax-shared, sl-vit; of a rule: berxit, jei-dnn, palbert; "
            "distil: LGViT on photographs, by teachers alone"
        ),
    ] = "lgvit",
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="your pictures, a subfolder per class; or cifar10, cifar100, food101, flowers, pets, fashion-mnist; "
            "or, without --backbone, Fashion-MNIST's idx files; of distil any folders or zips, FOLDER or FOLDER=WEIGHT"
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="what training starts from: a model, or timm's name; without --data a model of Fashion-MNIST; "
            "of distil a model folder, a run or a ViT-S/14's weights [default of distil: assets/models/photos]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="where it goes [default: checkpoints/DATA-RECIPE; of distil checkpoints/photos-run]"
        ),
    ] = None,
    passes: Annotated[int, typer.Option(min=0, help="over the training images, all stages together")] = 11,
    seed: Annotated[int, typer.Option(help="of weights, order and augmentation")] = 0,
    threads: Annotated[
        int, typer.Option(min=1, help="CPU threads; two runs side by side are quickest with 1")
    ] = 2,
    frozen: Annotated[bool, typer.Option(help="hold the backbone still; heads and read-outs learn")] = False,
    size: Annotated[
        int | None,
        typer.Option(min=1, help="pixels the network sees [default: the backbone's; of distil 154]"),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(
            help="learning rate, with --backbone [default: 2e-4; of blocks that are distilled 5e-5]"
        ),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="pictures a step, with --backbone")] = 32,
    scratch: Annotated[bool, typer.Option(help="do not fetch timm's weights")] = False,
    title: Annotated[str | None, typer.Option(help="what the page calls it")] = None,
    model: Annotated[str, typer.Option(help="whose exits a rule's parts are for")] = "fashion",
    images: Annotated[
        int | None,
        typer.Option(min=1, help="how many training images are learned from at most [default: all]"),
    ] = None,
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            help="a model whose answers are learned in place of labels, on any pictures; of distil a timm classifier's "
            "weights, FILE or TIMM_NAME=FILE, and several are averaged"
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="where a named set lies or goes [default: checkpoints/data]")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="as torch names it [default: cuda:LOCAL_RANK where there is one, else cpu; of distil cpu]"
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            help="of products, with --backbone or distil: float32, bfloat16, or auto for the quicker"
        ),
    ] = "auto",
    as_released: Annotated[
        bool, typer.Option("--as-released", help="jei-dnn: the published code's loss, whose weights cancel")
    ] = False,
    labelled: Annotated[
        Path | None, typer.Option(help="distil: a folder with labels.tsv to measure on, by its even places")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="distil: one of the settings in docs/photos.md"),
    ] = None,
) -> None:
    """Train a model, on your own pictures or on Fashion-MNIST, or a rule's learned parts. Cut off, it goes on.

    With --backbone also on several GPUs, or machines that share the folder OUT, under accelerate launch or torchrun.
    """
    from explorer.train.checkpoint import Stopped
    from explorer.train.command import run
    from explorer.train.learned.command import LEARNERS, learn
    from explorer.train.loop import Settings
    from explorer.train.own import Asked
    from explorer.train.own import run as run_own

    try:
        if lr is not None and not 0 < lr < float("inf"):
            raise ValueError(f"--lr {lr:g}: a learning rate is a number above 0.")
        if recipe == "distil":
            _only(context, _DISTILLED, "not with --recipe distil")
            _distil(
                data, teacher, backbone, out, labelled, settings, size, lr, batch, seed, device, threads, precision
            )  # fmt: skip
        elif recipe in LEARNERS:
            _only(context, _LEARNED, f"not with --recipe {recipe}")
            print(learn(recipe, model, _folder(data), seed, threads, images, as_released))
        elif backbone is None or data is None:
            _only(
                context, _FASHION, "not on Fashion-MNIST; your own pictures need both --data and --backbone"
            )
            target = out or Path("checkpoints") / f"fashion-{recipe}"
            run(recipe, _folder(data), target, passes, seed, threads, backbone)
        else:
            _only(context, set(context.params) - _NOT_OWN, f"not with --recipe {recipe} on your own pictures")
            rate = 2e-4 if lr is None else lr
            numbers = Settings(
                passes=passes, batch=batch, lr=rate, lr_blocks=rate, seed=seed, mirrored=0.5, frozen=frozen
            )
            pictures = _one(data, "--data")
            target = out or Path("checkpoints") / f"{Path(pictures).resolve().name}-{recipe}"
            asked = Asked(
                recipe, Path(pictures), backbone, target, size, title, scratch, threads,
                _one(teacher, "--teacher") if teacher else None, images, root, device, precision,
            )  # fmt: skip
            run_own(asked, numbers)
    except Stopped:
        print("stopped; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    except (ValueError, OSError) as error:
        fail(error)


def _distil(
    data: list[str] | None,
    teacher: list[str] | None,
    backbone: str | None,
    out: Path | None,
    labelled: Path | None,
    settings: list[str] | None,
    size: int | None,
    lr: float | None,
    batch: int,
    seed: int,
    device: str | None,
    threads: int,
    precision: str,
) -> None:
    """One stretch of training on photographs. Raises `ValueError`, `OSError` or its own `Stopped`."""
    from explorer.train.photos.command import run
    from explorer.train.photos.photographs import parse_source
    from explorer.train.photos.stretch import stretch_of
    from explorer.train.photos.teacher import parse_teacher

    if not data or not teacher:
        raise ValueError("--recipe distil learns a --teacher's answers to the pictures of --data; name both.")
    stretch = stretch_of(settings or [], size=size, lr=lr, batch=batch, seed=seed)
    sources, teachers = [parse_source(text) for text in data], [parse_teacher(text) for text in teacher]
    start = Path(backbone or "assets/models/photos")
    target = out or Path("checkpoints/photos-run")
    run(stretch, target, sources, teachers, start, labelled, device or "cpu", threads, precision)


def _one(texts: list[str], option: str) -> str:
    """The one value of an option that distil may be given several of."""
    if len(texts) > 1:
        raise ValueError(f"{option} is given {len(texts)} times; only --recipe distil takes more than one.")
    return texts[0]


def _folder(data: list[str] | None) -> Path | None:
    return Path(_one(data, "--data")) if data else None


def _only(context: typer.Context, options: set[str], when: str) -> None:
    """Raises `ValueError` where options were given that say nothing to this training."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    named = [_SPELT.get(name, f"--{name.replace('_', '-')}") for name in given if name not in options]
    if named:
        raise ValueError(f"{', '.join(named)}: {when}.")


@app.command()
def ship(
    labelled: Annotated[Path, typer.Option(help="a folder with labels.tsv, never trained on, to measure on")],
    source: Annotated[Path, typer.Option(help="where train --recipe distil trained")] = Path(
        "checkpoints/photos-run"
    ),
    out: Annotated[Path, typer.Option(help="the model folder to write")] = Path("assets/models/photos"),
    sources: Annotated[
        Path | None, typer.Option(help="a text file for the card: what it learned from")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads")] = 2,
) -> None:
    """Make the photo model's folder of what train --recipe distil has trained: calibrated, measured, with its card."""
    from explorer.train.photos.command import ship_run

    try:
        ship_run(source, out, labelled, sources, threads)
    except (ValueError, OSError) as error:
        fail(error)
