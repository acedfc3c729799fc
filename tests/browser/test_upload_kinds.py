"""Whatever its name says, a dropped file is read by us or refused in our own words, in the page's language."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.hands import EXPLORE_UPLOAD

DROP = """([name, bytes]) => {
  const carrier = new DataTransfer();
  carrier.items.add(new File([new Uint8Array(bytes)], name));
  const zone = document.querySelector("#ee-tab-explore .ee-upload .upload-container");
  zone.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: carrier }));
}"""
SHOWN = "(n) => !window.ExitExplorer.store.busy && window.ExitExplorer.store.example?.id === `upload-${n}`"
SAID = "() => !window.ExitExplorer.store.busy && window.ExitExplorer.store.message"
SLOW = 60_000


def picture(kind: str) -> bytes:
    image, file = Image.linear_gradient("L").convert("RGB"), io.BytesIO()
    if kind == "HEIC":
        pytest.importorskip("pillow_heif").from_pillow(image).save(file, quality=60)
    else:
        image.save(file, kind)
    return file.getvalue()


def test_files_that_gradio_would_refuse_by_their_name_are_read(page):
    for number, (name, kind) in enumerate(
        [("IMG_1.HEIC", "HEIC"), ("no extension", "JPEG"), ("a.qoi", "QOI")], 1
    ):
        file = {"name": name, "mimeType": "", "buffer": picture(kind)}
        page.set_input_files(EXPLORE_UPLOAD, file)
        page.wait_for_function(SHOWN, arg=number, timeout=SLOW)
    page.evaluate(DROP, ["DROPPED.HEIC", list(picture("HEIC"))])
    page.wait_for_function(SHOWN, arg=4, timeout=SLOW)


def test_a_document_is_refused_in_our_own_words_in_the_pages_language(visit):
    page = visit("?lang=de")
    page.set_input_files(
        EXPLORE_UPLOAD, {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"}
    )
    page.wait_for_function(SAID, timeout=SLOW)
    said = "Das ist ein PDF-Dokument; bitte die Seite als JPEG oder PNG exportieren."
    expect(page.get_by_text(said).filter(visible=True).first).to_be_visible()
    assert page.get_by_text("Invalid file type").count() == 0
