"""The page without a server: a folder of static files in which the network runs in the visitor's own browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from explorer.explain.registry import methods_json
from explorer.grain import CLASSES
from explorer.model.bundle import ModelError, read_config
from explorer.model.catalog import DEFAULT, find_model, load_model
from explorer.model.facts import facts_of
from explorer.web.card import card_json, versions
from explorer.web.evaluation import evaluation_json as measured_json
from explorer.web.language import strings
from explorer.web.model_page import EXAMPLES, example_json, model_json
from explorer.web.page_files import page_files
from explorer.web.records import evaluation_json, rules_table_json, sets_json
from explorer.web.runtime import RUNTIME_VERSION, fetch_runtime
from explorer.web.script import opening_script
from explorer.web.site_model import BROWSER_RULES, write_model
from explorer.web.tabs import TABS
from explorer.web.tabs.tab import Slot, Tab

HERE = Path(__file__).parent
MOST_BYTES = 10_000_000  # of a file: a host's plain git push takes no larger one
# Texts that differ when there is no server: strings/*/site.json has them under these keys.
OTHER_WORDS = (
    "batch.ms_says",
    "about.uploads_1",
    "about.uploads_2",
    "about.number_ms_says",
    "live.private",
    "page.no_answer",
    "gradio.model",
    "learn.trust_task",
    "learn.trust_done",
)

FRONT_MATTER = """---
title: Exit Explorer
emoji: 🪜
colorFrom: yellow
colorTo: red
sdk: static
app_file: index.html
license: mit
short_description: See where an image leaves a vision transformer, and why
custom_headers:
  cross-origin-embedder-policy: require-corp
  cross-origin-opener-policy: same-origin
  cross-origin-resource-policy: cross-origin
---

# Exit Explorer

See early exiting in vision transformers. This is the edition without a server: the network runs in your browser, and
your pictures never leave your device. `python -m explorer site` made it{of}.
ONNX Runtime Web {runtime} (MIT) runs the network.
"""

# The methods that the browser's own network can compute, and the facts that differ from the server's.
BROWSER_METHODS: dict[str, dict[str, Any]] = {
    "attention": {},
    "rollout": {},
    "grad-cam": {"families": ["local"]},
    "occlusion": {},
}


def build_site(out: Path, models: Sequence[str] = (), repo_id: str | None = None) -> int:
    """Write the site into `out`, which is emptied first if it holds a site. Returns its size in bytes.

    Raises `ModelError` for an unknown model, a missing program, or an `out` that holds something else.
    """
    names = list(dict.fromkeys(models or (DEFAULT, "fashion")))
    for name in names:
        find_model(name)
    _empty(out)
    runtime = fetch_runtime(out)
    facts = [write_model(name, load_model(name), out, BROWSER_RULES) for name in names]
    listed = [_listed(name) for name in names]
    files = {
        "models": {fact["name"]: fact["file"] for fact in facts},
        "stored": {name: _store(name, out, listed) for name in names},
        "examples": {name: _copy_examples(name, out) for name in names},
    }
    opening = json.loads((out / files["stored"][names[0]]["opening"]["path"]).read_text())
    start = {
        **opening,
        "models": listed,
        "methods": methods_here(),
        "site": {"files": files, "runtime": runtime},
    }
    page = _write_page(out, start)
    shutil.copytree(HERE / "browser", out / "worker", ignore=shutil.ignore_patterns("sw.js", "package.json"))
    of = f" for https://huggingface.co/spaces/{repo_id}" if repo_id else ""
    (out / "README.md").write_text(FRONT_MATTER.format(of=of, runtime=RUNTIME_VERSION), encoding="utf-8")
    (out / ".nojekyll").touch()
    _write_service_worker(out, [*page, runtime["wasm"]["module"]])
    sizes = {path: path.stat().st_size for path in out.rglob("*") if path.is_file()}
    for path, size in sizes.items():
        if size >= MOST_BYTES:
            raise ModelError(
                f"{path.name} has {size / 1e6:.1f} MB; a plain host takes less than 10 MB a file."
            )
    return sum(sizes.values())


def _listed(name: str) -> dict[str, Any]:
    """A model as the page lists it."""
    folder = find_model(name)
    facts = facts_of(folder)
    listed = {"name": name, "title": read_config(folder)["title"], "source": "site"}
    return listed | (facts.json() if facts else {})


def methods_here() -> list[dict[str, Any]]:
    """Every method of explanation; those that browser/models.js does not compute are marked (`here` false)."""
    return [{**method, **BROWSER_METHODS.get(method["name"], {"here": False})} for method in methods_json()]


def _empty(out: Path) -> None:
    """Only what this command wrote is deleted."""
    if out.exists() and any(out.iterdir()):
        if not (out / "worker" / "worker.js").exists():
            raise ModelError(f"{out} holds other files; name a folder that is empty or not there.")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)


def write_json(out: Path, path: str, value: Any) -> dict[str, Any]:
    """Write a JSON file; returns what the page fetches and checks it by: {path, bytes, sha256}."""
    data = json.dumps(value, separators=(",", ":")).encode()
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    (out / path).write_bytes(data)
    return {"path": path, "bytes": len(data), "sha256": sha256(data).hexdigest()}


def _store(name: str, out: Path, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """A model's answers to the questions that need no network, as files."""
    opening = model_json(name, short=True)
    opening["rules"] = {rule: facts for rule, facts in opening["rules"].items() if rule in BROWSER_RULES}
    grains = [CLASSES, *(grain["name"] for grain in opening["grains"])]
    answers = {
        "opening": opening,
        "evaluated": {"evaluation": measured_json(name), "models": listed},
        "card": card_json(name)
        | {"versions": {**versions(), "onnxruntime-web": RUNTIME_VERSION}, "upload_minutes": 0},
        "rules_table": rules_table_json(name),
        **_evaluations(name, grains),
        **{f"sets-{grain}": sets_json(name, grain) for grain in grains},
    }
    stored = {kind: write_json(out, f"models/{name}/{kind}.json", answer) for kind, answer in answers.items()}
    return stored | {"examples": _write_examples(name, out, opening["examples"])}


def _evaluations(name: str, grains: Sequence[str]) -> dict[str, Any]:
    """The evaluation at every grain that the model was evaluated at, under the names that the page requests."""
    found = {}
    for grain in grains:
        try:
            found[f"evaluation-{grain}"] = evaluation_json(name, grain)
        except ModelError:  # the page then says that there is none
            continue
    return found


def _write_examples(name: str, out: Path, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """The examples that are short in the opening, in full, a file each: by id."""
    return {
        example["id"]: write_json(
            out,
            f"models/{name}/examples/{example['id']}.json",
            {"model": name, **example_json(name, example["id"])},
        )
        for example in listed
        if example.get("short")
    }


def _copy_examples(name: str, out: Path) -> list[str]:
    """The example pictures of a model, for the Batch tab to run; their paths."""
    paths = []
    for picture in sorted((EXAMPLES / name).glob("*.[jp][pn]g")):
        path = f"models/{name}/examples/{picture.name}"
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, out / path)
        paths.append(path)
    return paths


def _words(language: str) -> dict[str, str]:
    words = strings(language)
    return words | {key: words[f"site.{key.replace('.', '_')}"] for key in OTHER_WORDS}


def _write_page(out: Path, start: dict[str, Any]) -> list[str]:
    """index.html and its own files. Returns all addresses but Plotly's, which few need; each has its hash in it."""

    def write(path: str, text: str) -> str:
        (out / path).parent.mkdir(exist_ok=True)
        (out / path).write_text(text, encoding="utf-8")
        return f"{path}?{sha256(text.encode()).hexdigest()[:16]}"

    def put(name: str, kind: str, text: Any) -> str:
        return write(f"page/{name}.{'css' if kind == 'text/css' else 'js'}", text)

    begin = f"(window.ExitExplorer ??= {{}}).start = {json.dumps(start)};"
    style, files = page_files(put, begin, ("page.css", "site.css"), _words)
    files["module"] = write("host/browser.js", (HERE / "hosts" / "browser.js").read_text("utf-8"))
    (out / "index.html").write_text(_page(style, files), encoding="utf-8")
    scripts = [*files["words"].values(), *files["begin"], *files["parts"].values(), files["module"]]
    return ["index.html", style, *scripts]


def _page(style: str, files: dict[str, Any]) -> str:
    """index.html: the same tabs as Gradio's page, in plain HTML."""
    soon = "".join(f'<link rel="preload" as="script" href="{src}">\n' for src in files["begin"])
    tabs = "\n".join(
        f'<section id="ee-tab-{tab.name}" class="ee-tab">\n{_tab(tab)}\n</section>' for tab in TABS
    )
    says = escape(strings()["page.says"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{says}">
<title>Exit Explorer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
{soon}</head>
<body>
<main class="ee-page">
<div class="ee-top">
<page-header></page-header>
<select id="ee-model" class="ee-model"></select>
<div class="ee-tools"><share-link></share-link><language-picker></language-picker><theme-switch></theme-switch></div>
</div>
<p id="ee-loading" class="ee-loading" role="status" hidden></p>
<model-facts></model-facts><page-note></page-note><page-tabs></page-tabs>
{tabs}
</main>
<noscript>This page needs JavaScript.</noscript>
<script>{opening_script(files)}</script>
</body>
</html>
"""


def _tab(tab: Tab) -> str:
    if isinstance(tab.layout, str):
        return tab.layout.strip()
    columns = (
        f'<div class="ee-{column.name}">\n{"".join(map(_part, column.parts))}\n</div>'
        for column in tab.layout
    )
    return '<div class="ee-screen">\n' + "\n".join(columns) + "\n</div>"


def _part(part: str | Slot) -> str:
    if isinstance(part, Slot):
        return f'<div class="ee-panel ee-slot" data-slot="{part.value}"></div>\n'
    return f"<div>{part.strip()}</div>\n"


def _write_service_worker(out: Path, page: list[str]) -> None:
    """sw.js, with the list of files that make up the page itself, and a version that changes with any of them."""
    core = page + [path.relative_to(out).as_posix() for path in sorted((out / "worker").rglob("*.js"))]
    version = sha256(b"".join((out / path.partition("?")[0]).read_bytes() for path in core)).hexdigest()[:12]
    head = f'const VERSION = "{version}";\nconst FILES = {json.dumps(["./", *core])};\n'
    (out / "sw.js").write_text(head + (HERE / "browser" / "sw.js").read_text("utf-8"), encoding="utf-8")
