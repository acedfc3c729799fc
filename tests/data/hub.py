"""A hub on this machine that takes uploads as huggingface_hub sends them (2.x, without Xet): regular files and LFS."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SHA = "0123456789abcdef0123456789abcdef01234567"
REGULAR = 1_000_000  # bytes above which a binary file must come by LFS, as the real hub has it


class Taken:
    """What the stand-in was sent: its repositories' facts, and their files by path."""

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.by_lfs: set[str] = set()
        self.blobs: dict[str, bytes] = {}
        self.refuse = False


@contextmanager
def taking_hub() -> Iterator[tuple[str, Taken]]:
    """The address of a running stand-in, and what it has taken so far."""
    taken = Taken()

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def answer(self, value: Any, status: int = 200) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            if "/tree/" in self.path:
                entries = [
                    {"type": "file", "path": p, "size": len(c), "oid": "0"} for p, c in taken.files.items()
                ]
                self.answer(entries)
            elif self.path.startswith("/api/spaces/"):
                files = [{"rfilename": path} for path in taken.files]
                self.answer({"id": "someone/space", "sha": SHA, "siblings": files})
            else:
                self.answer({}, 404)

        def do_PUT(self) -> None:
            content = self.body()
            assert sha256(content).hexdigest() == self.path.rpartition("/")[2]
            taken.blobs[self.path.rpartition("/")[2]] = content
            self.answer({})

        def do_POST(self) -> None:
            body = self.body()
            if taken.refuse or not self.headers.get("Authorization"):
                self.answer({"error": "Invalid username or password."}, 401)
            elif self.path == "/api/repos/create":
                taken.created.append(json.loads(body))
                self.answer(
                    {"url": f"http://{self.headers['Host']}/spaces/someone/space", "name": "someone/space"}
                )
            elif self.path.startswith("/api/validate-yaml"):
                self.answer({"errors": [], "warnings": []})
            elif "/preupload/" in self.path:
                modes = [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if file["size"] > REGULAR else "regular",
                        "shouldIgnore": False,
                    }
                    for file in json.loads(body)["files"]
                ]
                self.answer({"files": modes})
            elif self.path.endswith("/info/lfs/objects/batch"):
                put = f"http://{self.headers['Host']}/blobs/"
                objects = [
                    {**sent, "actions": {"upload": {"href": put + sent["oid"]}}}
                    for sent in json.loads(body)["objects"]
                ]
                self.answer({"transfer": "basic", "objects": objects})
            elif "/commit/" in self.path:
                for line in body.splitlines():
                    self.commit(json.loads(line))
                self.answer(
                    {
                        "commitUrl": f"http://{self.headers['Host']}/spaces/someone/space/commit/{SHA}",
                        "commitOid": SHA,
                    }
                )
            else:
                self.answer({}, 404)

        def commit(self, operation: dict[str, Any]) -> None:
            facts = operation["value"]
            if operation["key"] == "file":
                taken.files[facts["path"]] = b64decode(facts["content"])
            elif operation["key"] == "lfsFile":
                taken.files[facts["path"]] = taken.blobs[facts["oid"]]
                taken.by_lfs.add(facts["path"])
            elif operation["key"] == "deletedFile":
                del taken.files[facts["path"]]

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
