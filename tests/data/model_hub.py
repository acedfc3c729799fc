"""A hub on this machine that takes models and gives them back, by branch and commit, as huggingface_hub 2.x asks it."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class Repositories:
    """`commits[repo][sha]` are its files, `branches[repo][name]` a sha; a Space's repo begins with "spaces/"."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, dict[str, bytes]]] = {}
        self.branches: dict[str, dict[str, str]] = {}
        self.blobs: dict[str, bytes] = {}
        self.downloads: list[str] = []

    def make(self, repo: str, files: dict[str, bytes]) -> None:
        first = f"{len(self.commits):040x}"
        self.commits.setdefault(repo, {first: files})
        self.branches.setdefault(repo, {"main": first})

    def sha(self, repo: str, revision: str) -> str | None:
        named = self.branches.get(repo, {}).get(revision)
        return named or (revision if revision in self.commits.get(repo, {}) else None)

    def commit(self, repo: str, branch: str, lines: list[dict[str, Any]]) -> str:
        files = dict(self.commits[repo][self.branches[repo][branch]])
        for line in lines:
            facts = line["value"]
            if line["key"] == "file":
                files[facts["path"]] = b64decode(facts["content"])
            elif line["key"] == "lfsFile":
                files[facts["path"]] = self.blobs[facts["oid"]]
            elif line["key"] == "deletedFile":
                del files[facts["path"]]
        sha = sha256(repr((repo, branch, len(self.commits[repo]))).encode()).hexdigest()[:40]
        self.commits[repo][sha] = files
        self.branches[repo][branch] = sha
        return sha


@contextmanager
def model_hub() -> Iterator[tuple[str, Repositories]]:
    """The address of a running stand-in, and what it holds."""
    kept = Repositories()

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def parts(self) -> tuple[str, list[str]]:
            """The repository that is asked about, and the rest of the path."""
            words = [unquote(word) for word in urlsplit(self.path).path.strip("/").split("/")]
            if words[0] == "api":
                words = words[1:]
            kind = words.pop(0) if words[0] in ("models", "spaces") else "models"
            repo = "/".join(words[:2]).removesuffix(".git")
            return (f"spaces/{repo}" if kind == "spaces" else repo), words[2:]

        def send(self, content: bytes, status: int = 200, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def answer(self, value: Any, status: int = 200) -> None:
            missing = {"X_Error_Code": "RevisionNotFound"} if status == 404 else {}
            self.send(json.dumps(value).encode(), status, Content_Type="application/json", **missing)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            repo, rest = self.parts()
            revision = rest[1] if len(rest) > 1 else "main"
            sha = kept.sha(repo, revision)
            files = kept.commits.get(repo, {}).get(sha or "")
            if files is None or sha is None:
                self.answer({"error": "no such revision"}, 404)
            elif rest[:1] == ["resolve"]:
                name = "/".join(rest[2:])
                if self.command == "GET":
                    kept.downloads.append(name)
                tag = sha256(files[name]).hexdigest()
                self.send(files[name], ETag=f'"{tag}"', X_Repo_Commit=sha)
            elif rest[:1] == ["tree"]:
                self.answer(
                    [{"type": "file", "path": p, "size": len(c), "oid": "0"} for p, c in files.items()]
                )
            else:
                self.answer({"id": repo, "sha": sha, "siblings": [{"rfilename": path} for path in files]})

        def do_PUT(self) -> None:
            kept.blobs[self.path.rpartition("/")[2]] = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            here = f"http://{self.headers['Host']}"
            if not self.headers.get("Authorization"):
                self.answer({"error": "Invalid username or password."}, 401)
                return
            if self.path == "/api/repos/create":
                asked = json.loads(body)
                repo = f"{asked['organization']}/{asked['name']}"
                kept.make(repo, {})
                self.answer({"url": f"{here}/{repo}", "name": repo})
                return
            if self.path.startswith("/api/validate-yaml"):
                self.answer({"errors": [], "warnings": []})
                return
            repo, rest = self.parts()
            if rest[0] == "branch":
                kept.branches[repo].setdefault(rest[1], kept.branches[repo]["main"])
                self.answer({})
            elif rest[0] == "preupload":
                modes = [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if file["path"].endswith("safetensors") else "regular",
                        "shouldIgnore": False,
                    }
                    for file in json.loads(body)["files"]
                ]
                self.answer({"files": modes})
            elif rest[0] == "info":
                objects = [
                    {**sent, "actions": {"upload": {"href": f"{here}/blobs/{sent['oid']}"}}}
                    for sent in json.loads(body)["objects"]
                ]
                self.answer({"transfer": "basic", "objects": objects})
            elif rest[0] == "commit":
                sha = kept.commit(repo, rest[1], [json.loads(line) for line in body.splitlines()])
                self.answer({"commitUrl": f"{here}/{repo}/commit/{sha}", "commitOid": sha})
            else:
                self.answer({}, 404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kept
    finally:
        server.shutdown()
