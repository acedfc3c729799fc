"""Reads the whole corpus in one process; prints what became of each upload, and how much memory it took, as JSON."""

import json
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from explorer.data.collection import RefusedCollection, list_members, read_members
from explorer.data.garment import see_garment
from explorer.data.photo import see_photo
from tests.hostile.corpus import corpus, saved


def become(path: Path, name: str) -> tuple[list[str], list[str]]:
    """Names and outcomes: "picture", or the sentence."""
    try:
        members = list_members([(path, name)])
    except RefusedCollection as refused:
        return [], [str(refused)]
    outcomes = []
    for found in read_members(members):
        if isinstance(found, Image.Image):
            assert see_photo(found).image.size == (224, 224)
            assert see_garment(found).image.size == (28, 28)
        outcomes.append("picture" if isinstance(found, Image.Image) else found)
    return [member.name for member in members], outcomes


def memory(field: str) -> float:
    """A field of this process's memory in megabytes: VmRSS now, VmHWM at its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(field))


def main() -> None:
    facts = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        for kind in ("PNG", "TIFF", "GIF", "WEBP"):  # decoders are loaded before anything is measured
            path.write_bytes(saved(Image.new("RGB", (64, 64)), kind))
            become(path, "first")
        for name, data in corpus():
            path.write_bytes(data)
            del data
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (proc(5))
            before = memory("VmRSS")
            start = time.process_time()
            names, outcomes = become(path, name)
            spent = time.process_time() - start
            grown = memory("VmHWM") - before
            facts.append(
                {"name": name, "names": names, "outcomes": outcomes, "seconds": spent, "grown": grown}
            )
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
