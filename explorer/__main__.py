"""Command line: python -m explorer classify, models, evaluate, train, convert, bench and others. Heavy imports wait."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    help="See early exiting in vision transformers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # or square brackets in these texts, such as defaults, would be read as markup
)
ModelOption = Annotated[str, typer.Option(help="name, folder or hub id")]
ThresholdsOption = Annotated[
    Path | None, typer.Option(help="rule and thresholds from a file that the page's Tune tab exported")
]
DeviceOption = Annotated[str, typer.Option(help="where the network runs, as torch names it: cpu, cuda, mps")]
DataOption = Annotated[Path | None, typer.Option(help="folder with Fashion-MNIST's four idx files")]


def fail(error: object) -> NoReturn:
    """One line on stderr, exit code 2."""
    if isinstance(error, OSError) and error.filename is not None:
        error = f"{error.filename}: {error.strerror}; check the path and its permissions."
    print(f"error: {error}", file=sys.stderr)
    raise typer.Exit(2)


@app.callback()
def begin() -> None:
    # A file's name may hold what this terminal cannot write; that must not cost the answers after it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@app.command()
def classify(
    images: Annotated[
        list[str],
        typer.Argument(
            help="files, folders, zip archives, patterns; - for names or a picture on standard input"
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="name, folder or hub id [default: EXIT_EXPLORER_MODEL, else photos; or the thresholds' own]"
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(help="an exit rule by name, as confidence, entropy, patience [default: confidence]"),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="leave at a score of at least this [default: the model's]")
    ] = None,
    thresholds: ThresholdsOption = None,
    grain: Annotated[
        str | None, typer.Option(help="answer in the model's kinds or groups of classes [default: classes]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line per image")] = False,
    out: Annotated[
        Path | None, typer.Option(help="write all into this file: .csv, .jsonl or .parquet")
    ] = None,
    device: DeviceOption = "cpu",
) -> None:
    """Classify images, leaving early where the network is sure."""
    from explorer.classify import run

    try:
        all_read = run(images, model, rule, threshold, thresholds, as_json, grain, out, device)
    except (ValueError, OSError) as error:
        fail(error)
    if not all_read:
        raise typer.Exit(2)


@app.command()
def infer(
    data: Annotated[
        list[Path],
        typer.Option(help="a folder of pictures or of tar shards, or a tar shard; may be repeated"),
    ],
    out: Annotated[Path, typer.Option(help="the folder for the answers, JSON lines in parts")],
    model: Annotated[
        str | None, typer.Option(help="name, folder or hub id [default: EXIT_EXPLORER_MODEL, else photos]")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="an exit rule [default: confidence]")] = None,
    threshold: Annotated[float | None, typer.Option(help="[default: the model's]")] = None,
    thresholds: ThresholdsOption = None,
    grain: Annotated[
        str | None, typer.Option(help="answer in the model's kinds or groups of classes [default: classes]")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="as torch names it [default: cuda:LOCAL_RANK where there is one, else cpu]"),
    ] = None,
) -> None:
    """Answer a whole data set, really stopping early; under accelerate launch or torchrun on several processes.

    Stopped at any moment, the same command does what is missing, on any number of processes.
    """
    from explorer.classify import open_run
    from explorer.many.shards import Place, default_device, run

    try:
        place = Place.here()
        where = device or default_device()
        opened, chosen, limits, read = open_run(model, rule, threshold, thresholds, grain, where)
        for part, rows in run(opened, list(map(str, data)), out, chosen, limits, place, read):
            print(f"{part}: {rows} pictures, process {place.rank + 1} of {place.world}", flush=True)
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def models() -> None:
    """List the models on this machine."""
    from rich.console import Console
    from rich.table import Table

    from explorer.model.catalog import list_models

    table = Table("Name", "Title", "From")
    for entry in list_models():
        table.add_row(entry.name, entry.title, entry.source)
    Console(markup=False).print(table)


@app.command()
def evaluate(
    model: Annotated[
        list[str] | None, typer.Option(help="name, folder or hub id; may be repeated [default: all]")
    ] = None,
    data: DataOption = None,
    thresholds: ThresholdsOption = None,
    stored: Annotated[bool, typer.Option(help="use evaluation.npz instead of running the model")] = False,
    markdown: Annotated[bool, typer.Option(help="print the tables as Markdown")] = False,
    chart: Annotated[
        Path | None, typer.Option(help="also draw the trade-offs into this HTML file, interactive")
    ] = None,
    grain: Annotated[str, typer.Option(help="read the answers in the models' kinds or groups")] = "classes",
    save: Annotated[
        bool, typer.Option(help="keep what is measured, and thresholds for all rules, in the models' folders")
    ] = False,
) -> None:
    """Accuracy at every exit, and accuracy against cost for every rule, on Fashion-MNIST's test images.

    With --thresholds: what those thresholds give on the validation and the test images.
    """
    from explorer.evaluate.command import run

    try:
        run(model, data, thresholds, stored, markdown, chart, grain, save)
    except (ValueError, OSError) as error:
        fail(error)


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
            help="your pictures, a subfolder per class; or, without --backbone, Fashion-MNIST's idx files"
        ),
    ] = None,
    backbone: Annotated[
        str | None, typer.Option(help="a model of yours or ours, or timm's name: what training starts from")
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
        int | None, typer.Option(help="how many training images a rule's parts see [default: all]")
    ] = None,
    as_released: Annotated[
        bool, typer.Option("--as-released", help="jei-dnn: the published code's loss, whose weights cancel")
    ] = False,
) -> None:
    """Train a model, on your own pictures or on Fashion-MNIST, or a rule's learned parts. Cut off, it goes on."""
    from explorer.train.command import run
    from explorer.train.learned.command import LEARNERS, learn
    from explorer.train.loop import Settings, Stopped
    from explorer.train.own import run as run_own

    try:
        if recipe in LEARNERS:
            print(learn(recipe, model, data, seed, threads, images, as_released))
        elif backbone is None:
            run(recipe, data, out or Path("checkpoints") / f"fashion-{recipe}", passes, seed, threads)
        elif data is None:
            raise ValueError("--backbone needs --data, a folder with a subfolder of pictures per class.")
        else:
            settings = Settings(
                passes=passes, batch=batch, lr=lr, lr_blocks=lr, seed=seed, mirrored=0.5, frozen=frozen
            )
            target = out or Path("checkpoints") / f"{data.resolve().name}-{recipe}"
            run_own(recipe, data, backbone, target, settings, size, title, scratch, threads)
    except Stopped:
        print("stopped; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    except (ValueError, FileNotFoundError) as error:
        fail(error)


@app.command()
def convert(
    layout: Annotated[str, typer.Argument(help="whose: lgvit-official, the layout of LGViT's authors")],
    source: Annotated[
        str, typer.Argument(help="folder or hub id with config, weights, preprocessor; or the weights' file")
    ],
    out: Annotated[
        Path | None, typer.Argument(help="the model folder to write [default: checkpoints/NAME]")
    ] = None,
    title: Annotated[str | None, typer.Option(help="what the page calls it")] = None,
    revision: Annotated[str | None, typer.Option(help="of the hub id: a branch, tag or commit")] = None,
) -> None:
    """Make a model folder of a checkpoint in the LGViT authors' own layout, on ViT, DeiT or Swin."""
    from explorer.model.bundle import ModelError
    from explorer.model.convert import convert_lgvit, is_lgvit
    from explorer.model.hub import snapshot

    try:
        if layout != "lgvit-official":
            raise ModelError(f"there is no layout '{layout}'; choose lgvit-official.")
        path = Path(source)
        if not path.exists() and (source.count("/") != 1 or source.startswith((".", "/", "~"))):
            raise ModelError(
                f"There is no folder {source}; name the one that holds the authors' config.json."
            )
        folder = path.parent if path.is_file() else path if path.exists() else snapshot(source, revision)
        if not is_lgvit(folder):
            raise ModelError(
                f"{folder} holds no LGViT of the authors': its config.json names no highway_type."
            )
        name = source.rstrip("/").rpartition("/")[2]
        target = out or Path("checkpoints") / name
        print(convert_lgvit(folder, target, title or f"{name}, converted", path if path.is_file() else None))
    except ModelError as error:
        fail(error)


@app.command()
def verify(
    folder: Annotated[str, typer.Argument(help="a model: name, folder or hub id")],
    store: Annotated[
        bool, typer.Option(help="first store what it answers now, to be compared with later")
    ] = False,
) -> None:
    """Check a model folder: hashes, shapes, finite weights, and a stored sample's answers."""
    from explorer.model.catalog import find_model
    from explorer.model.verify import store_sample
    from explorer.model.verify import verify as check

    try:
        found = find_model(folder)
        if store:
            store_sample(found)
        for line in check(found):
            print(line)
    except ValueError as error:
        fail(error)


@app.command()
def wrap(
    name: Annotated[str, typer.Argument(help="timm's name of a classifier, as vit_small_patch16_224")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="[default: checkpoints/NAME]")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="your own state dict [default: timm's, from the hub]")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="text file, a class a line")] = None,
    title: Annotated[str | None, typer.Option(help="what the page calls it")] = None,
    calibrate: Annotated[
        Path | None, typer.Option(help="folder with a subfolder per class: fits temperatures and thresholds")
    ] = None,
) -> None:
    """Read any timm classifier out behind every block with its own last layer; nothing is trained."""
    from explorer.evaluate.calibrating import calibrate_folder
    from explorer.model.wrap import wrap as make

    try:
        folder = out or Path("checkpoints") / name
        model = make(name, folder, weights, labels, title)
        print(f"{folder}: {len(model.network.specs)} exits, {len(model.labels)} classes")
        if calibrate:
            for line in calibrate_folder(folder, calibrate):
                print(line)
    except (ValueError, FileNotFoundError) as error:
        fail(error)


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
        print("stopped; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
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


@app.command()
def examples(
    model: ModelOption = "fashion",
    data: DataOption = None,
    again: Annotated[
        bool, typer.Option(help="only read the stored ones anew, for new rules or grains")
    ] = False,
) -> None:
    """Choose test images that leave at different exits, and precompute what the page shows of them."""
    from explorer.web.examples import reread, run

    try:
        print(reread(model) if again else run(model, data))
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def grains(model: ModelOption = "fashion") -> None:
    """Put coarser readings of a model's classes, its grains, into its folder (needs WordNet for ImageNet's classes)."""
    from explorer.data.grains import run

    try:
        print(run(model))
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def gallery(model: ModelOption = "fashion", data: DataOption = None) -> None:
    """Put the hardest and easiest test images of a model into its folder, for the page's Tune tab."""
    from explorer.evaluate.gallery import run

    try:
        print(run(model, data))
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def bench(
    only: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="analyse, infer, first, page, serve, site, start, upload, visit [default: all]",
        ),
    ] = None,
    model: ModelOption = "fashion",
    seconds: Annotated[float, typer.Option(help="of serve, for each crowd")] = 60.0,
) -> None:
    """Measure what the README claims about speed, all in one run, as ratios."""
    from explorer.bench import run

    try:
        run(only, model, seconds)
    except ValueError as error:
        fail(error)


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


if __name__ == "__main__":
    app()
