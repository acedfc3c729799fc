"""train, distil, ship: make a network learn."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from explorer.commands.app import app, fail


@app.command()
def train(
    recipe: Annotated[
        str,
        typer.Option(
            help="lgvit, lgvit-stage1, sdn, deebert, softmax-shared, sl-vit; of a rule: berxit, jei-dnn, palbert"
        ),
    ] = "lgvit",
    data: Annotated[
        Path | None,
        typer.Option(
            help="your pictures, a subfolder per class; or cifar10, cifar100, food101, flowers, pets, fashion-mnist; "
            "or, without --backbone, Fashion-MNIST's idx files"
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="what training starts from: a model, or timm's name; without --data a model of Fashion-MNIST"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="where the model goes [default: checkpoints/DATA-RECIPE]")
    ] = None,
    passes: Annotated[int, typer.Option(help="over the training images, all stages together")] = 11,
    seed: Annotated[int, typer.Option(help="of weights, order and augmentation")] = 0,
    threads: Annotated[int, typer.Option(help="CPU threads; two runs side by side are quickest with 1")] = 2,
    frozen: Annotated[bool, typer.Option(help="hold the backbone still; heads and read-outs learn")] = False,
    size: Annotated[
        int | None, typer.Option(help="pixels the network sees [default: the backbone's]")
    ] = None,
    lr: Annotated[float, typer.Option(help="learning rate of heads and read-outs, with --backbone")] = 2e-4,
    batch: Annotated[int, typer.Option(help="pictures a step, with --backbone")] = 32,
    scratch: Annotated[bool, typer.Option(help="do not fetch timm's weights")] = False,
    title: Annotated[str | None, typer.Option(help="what the page calls it")] = None,
    model: Annotated[str, typer.Option(help="whose exits a rule's parts are for")] = "fashion",
    images: Annotated[
        int | None, typer.Option(help="how many training images are learned from at most [default: all]")
    ] = None,
    teacher: Annotated[
        str | None, typer.Option(help="a model whose answers are learned in place of labels, on any pictures")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="where a named set lies or goes [default: checkpoints/data]")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="as torch names it [default: cuda:LOCAL_RANK where there is one, else cpu]"),
    ] = None,
    precision: Annotated[
        str, typer.Option(help="of products, with --backbone: float32, bfloat16, or auto for the quicker")
    ] = "auto",
    as_released: Annotated[
        bool, typer.Option("--as-released", help="jei-dnn: the published code's loss, whose weights cancel")
    ] = False,
) -> None:
    """Train a model, on your own pictures or on Fashion-MNIST, or a rule's learned parts. Cut off, it goes on.

    With --backbone also on several GPUs, or machines that share the folder OUT, under accelerate launch or torchrun.
    """
    from explorer.train.command import run
    from explorer.train.learned.command import LEARNERS, learn
    from explorer.train.loop import Settings, Stopped
    from explorer.train.own import Asked
    from explorer.train.own import run as run_own

    try:
        if recipe in LEARNERS:
            print(learn(recipe, model, data, seed, threads, images, as_released))
        elif backbone is None or data is None:
            _needs_both(
                teacher=teacher, images=images, size=size, title=title, device=device, root=root,
                frozen=frozen, scratch=scratch,
            )  # fmt: skip
            run(
                recipe,
                data,
                out or Path("checkpoints") / f"fashion-{recipe}",
                passes,
                seed,
                threads,
                backbone,
            )
        else:
            settings = Settings(
                passes=passes, batch=batch, lr=lr, lr_blocks=lr, seed=seed, mirrored=0.5, frozen=frozen
            )
            target = out or Path("checkpoints") / f"{data.resolve().name}-{recipe}"
            asked = Asked(
                recipe, data, backbone, target, size, title, scratch, threads,
                teacher, images, root, device, precision,
            )  # fmt: skip
            run_own(asked, settings)
    except Stopped:
        stopped()
    except (ValueError, OSError) as error:
        fail(error)


def stopped() -> NoReturn:
    """Told to stop, a run has saved itself."""
    print("stopped; the same command goes on from here", file=sys.stderr)
    raise typer.Exit(130) from None


def _needs_both(**given: object) -> None:
    """Raises `ValueError` where options were given that say nothing to a training on Fashion-MNIST."""
    named = [f"--{name}" for name, value in given.items() if value]
    if named:
        raise ValueError(f"{', '.join(named)}: only with both --data and --backbone.")


@app.command()
def distil(
    photos: Annotated[
        list[str],
        typer.Option(help="a folder or zip archive of photographs, FOLDER or FOLDER=WEIGHT; may be repeated"),
    ],
    teacher: Annotated[
        list[str], typer.Option(help="a teacher's weights, FILE or TIMM_NAME=FILE; several are averaged")
    ],
    backbone: Annotated[
        Path,
        typer.Option(help="what a new run starts from: a model folder, another run, or a ViT-S/14's weights"),
    ] = Path("assets/models/photos"),
    out: Annotated[Path, typer.Option(help="where the run goes")] = Path("checkpoints/photos-run"),
    labelled: Annotated[
        Path | None, typer.Option(help="a folder with labels.tsv to measure on, by its even places")
    ] = None,
    stage: Annotated[int, typer.Option(help="1: all by the teacher; 2: heads by self-distillation")] = 1,
    crops: Annotated[
        int, typer.Option(help="how many views this stretch sees at most; 0 solves the read-outs alone")
    ] = 50_000,
    minutes: Annotated[float | None, typer.Option(help="how long it trains at most")] = None,
    size: Annotated[int, typer.Option(help="pixels the network sees, a multiple of 14")] = 154,
    frozen: Annotated[int, typer.Option(help="blocks held still, from the first")] = 3,
    lr: Annotated[float, typer.Option(help="learning rate of the blocks")] = 5e-5,
    lr_heads: Annotated[float, typer.Option(help="learning rate of heads and read-outs")] = 2.5e-4,
    stay: Annotated[float, typer.Option(help="how strongly blocks are drawn back to where they began")] = 0.0,
    own: Annotated[
        float, typer.Option(help="share of stage 1's lesson that is the model's own answer, 0 to 1")
    ] = 0.0,
    batch: Annotated[int, typer.Option(help="views a step; 256 and more on a GPU")] = 32,
    exits_every: Annotated[int, typer.Option(help="stage 1 asks the exits at every N-th step")] = 2,
    new_heads: Annotated[bool, typer.Option(help="start all exit heads anew")] = False,
    solved: Annotated[
        int, typer.Option(help="views on which read-outs are solved first; 0 keeps them")
    ] = 4_096,
    seed: Annotated[int, typer.Option(help="decides every view")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    threads: Annotated[int, typer.Option(help="CPU threads")] = 2,
) -> None:
    """Train the photo model one stretch further on folders of photographs. The same command goes on if cut off."""
    from explorer.train.photos.command import run
    from explorer.train.photos.distil import Stopped
    from explorer.train.photos.photographs import parse_source
    from explorer.train.photos.stretch import Stretch
    from explorer.train.photos.teacher import parse_teacher

    stretch = Stretch(
        stage,
        crops,
        minutes,
        size,
        frozen,
        lr,
        lr_heads,
        stay,
        own,
        exits_every,
        batch,
        new_heads,
        solved,
        seed=seed,
    )
    try:
        sources, teachers = [parse_source(text) for text in photos], [parse_teacher(text) for text in teacher]
        run(stretch, out, sources, teachers, backbone, labelled, device, threads)
    except Stopped:
        stopped()
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def ship(
    labelled: Annotated[Path, typer.Option(help="a folder with labels.tsv, never trained on, to measure on")],
    source: Annotated[Path, typer.Option(help="where distil trained")] = Path("checkpoints/photos-run"),
    out: Annotated[Path, typer.Option(help="the model folder to write")] = Path("assets/models/photos"),
    sources: Annotated[
        Path | None, typer.Option(help="a text file for the card: what it learned from")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads")] = 2,
) -> None:
    """Make the photo model's folder of what distil has trained: calibrated, measured, with its card."""
    from explorer.train.photos.command import ship_run

    try:
        ship_run(source, out, labelled, sources, threads)
    except (ValueError, OSError) as error:
        fail(error)
