"""Only what a visitor uploaded is ever read: no other file of the server, and no address."""

import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image

from explorer.model.catalog import DEFAULT, ROOT
from explorer.web import guard
from explorer.web.guard import HEADERS
from explorer.web.uploads import GONE
from tests.web.serving import META, call, question, serving, upload

SHOE = next((ROOT / "assets" / "examples" / "fashion").glob("*.png"))


@pytest.fixture(scope="module")
def server():
    """Its limit of questions has a test of its own; here hundreds come in a few seconds."""
    with pytest.MonkeyPatch.context() as patch, serving() as client:
        patch.setattr(guard, "RATE", 1e6)
        yield client


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    """A picture that nobody uploaded."""
    path = tmp_path_factory.mktemp("private") / "secret.png"
    Image.new("RGB", (40, 40), (200, 30, 30)).save(path)
    return path


@pytest.fixture
def asked(request, server, secret):
    """A path by which a stranger tries to reach the secret, or a file that does not exist."""
    stored = Path(upload(server, SHOE.read_bytes()))
    link = stored.parent / "link.png"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    up = "../" * len(stored.parent.parts)
    return {
        "absolute": str(secret),
        "missing": "/no/such/picture.png",
        "example of ours": str(SHOE),
        "relative": f"assets/examples/fashion/{SHOE.name}",
        "dotted": f"{stored.parent}/{up}{str(secret)[1:]}",
        "encoded": str(secret).replace("/", "%2F"),
        "twice encoded": str(secret).replace("/", "%252F"),
        "file address": secret.as_uri(),
        "symlink": str(link),
        "a device": "/dev/zero",
        "null byte": f"{secret}\0.png",
        "a folder": str(stored.parent),
        "home": "~/picture.png",
        "very long": "/" + "x" * 5000,
    }[request.param]


WAYS = pytest.mark.parametrize(
    "asked",
    [
        "absolute", "missing", "example of ours", "relative", "dotted", "encoded", "twice encoded", "file address",
        "symlink", "a device", "null byte", "a folder", "home", "very long",
    ],
    indirect=True,
)  # fmt: skip


@WAYS
@pytest.mark.parametrize("meta", [{}, {"meta": META}], ids=["without meta", "with meta"])
def test_no_endpoint_reads_another_file_or_tells_whether_there_is_one(server, asked, meta):
    file = {"path": asked, **meta}
    for name in ("analyse", "classify", "explain", "sweep"):
        assert call(server, name, picture=file, model=DEFAULT) == {"refused": GONE, "status": 400}
    for name in ("analyse", "batch_open", "batch_step", "batch_look"):
        asked_too = {"picture": file, "files": [file], "model": DEFAULT, "start": 0, "index": 0}
        assert question(server, name, asked_too).json()["error"] == GONE


@WAYS
def test_no_file_but_an_upload_is_sent_back(server, asked):
    if "\0" in asked:
        asked = asked.replace("\0", "%00")
    for path in (f"/gradio_api/file={asked}", f"/gradio_api/file={asked.lstrip('/')}"):
        answer = server.get(path, follow_redirects=False)
        assert answer.status_code == 404
        assert not answer.content.startswith(b"\x89PNG")


def test_an_upload_is_analysed_and_sent_back(server):
    path = upload(server, SHOE.read_bytes())
    answer = call(server, "analyse", picture={"path": path, "meta": META}, model=DEFAULT)
    assert len(answer["exits"]) == 9
    assert server.get(f"/gradio_api/file={path}").content == SHOE.read_bytes()


@pytest.fixture(scope="module")
def inside():
    """A server on this machine that only this machine can reach; yields its address and who asked."""
    heard = []

    class Inside(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            picture = io.BytesIO()
            Image.new("RGB", (40, 40)).save(picture, "PNG")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(picture.getvalue())

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    listening = HTTPServer(("127.0.0.1", 0), Inside)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield listening.server_port, heard
    listening.shutdown()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.0.0.1.", "10.0.0.1", "169.254.169.254"],
)
def test_no_address_is_ever_fetched(server, inside, host):
    port, heard = inside
    for address in (f"http://{host}:{port}/x.png", f"HTTP://{host}:{port}/x.png", f"//{host}:{port}/x.png"):
        for file in ({"path": address}, {"path": address, "meta": META}, {"path": address, "url": address}):
            assert call(server, "analyse", picture=file, model=DEFAULT) == {"refused": GONE, "status": 400}
        alone = call(server, "analyse", picture={"url": address, "meta": META}, model=DEFAULT)
        assert alone["failed"]["error"] == GONE
        for way in ("file=", "proxy="):
            answer = server.get(f"/gradio_api/{way}{address}", follow_redirects=False)
            assert answer.status_code == 404
    assert heard == []


@pytest.mark.parametrize(
    "picture",
    [
        "http://127.0.0.1/x.png",
        "file:///etc/hostname",
        "/etc/hostname",
        "data:text/plain;base64,QQ==",
        7,
        None,
        {},
    ],
)
def test_questions_take_no_picture_but_a_data_uri(server, picture):
    for name in ("analyse", "explain", "stress", "analyse_again"):
        asked = {"model": DEFAULT, "picture": picture, "saw": picture, "image": picture, "label": None}
        answer = question(server, name, {**asked, "exit": 0, "class": 0, "corruption": "blur", "seed": 0})
        assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    "name", ["/etc", "../../..", "owner/name", "assets/models/fashion", "~", 3, None, ["fashion"]]
)
def test_a_question_names_no_model_but_those_on_offer(server, name):
    for one in ("explain", "stress", "examples_of", "evaluation", "card", "evaluated", "gallery_image"):
        said = question(server, one, {"model": name}).json()["error"]
        assert said.startswith("This page does not offer the model")
        assert str(ROOT) not in said


@pytest.mark.parametrize(
    "path",
    [
        "proxy=https://x.hf.space/", "deep_link", "runs", "run/analyse", "api/analyse", "process_recording",
        "stream/a/b/c/playlist.m3u8", "custom_component/1/client/component/x.js", "file/etc/passwd", "vibe-code/",
        "run-history/buckets", "dev/reload",
    ],
)  # fmt: skip
def test_routes_that_the_page_does_not_need_are_closed(server, path):
    for answer in (server.get(f"/gradio_api/{path}"), server.post(f"/gradio_api/{path}", json={})):
        assert (answer.status_code, answer.json()["error"]) == (404, "There is nothing at this address.")


def test_every_answer_carries_the_headers_and_a_space_may_frame_the_page(server):
    for path in ("/", "/gradio_api/info", "/gradio_api/file=/etc/passwd", "/nothing"):
        headers = server.get(path).headers
        for name, value in HEADERS:
            assert headers[name.decode()] == value.decode()
        assert "x-frame-options" not in headers
        assert "https://huggingface.co" in headers["content-security-policy"]
