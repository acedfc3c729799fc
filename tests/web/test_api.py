"""The public endpoints: what they answer, that it is short, and that the examples in docs/api.md run as they stand."""

import base64
import json
import re
import shutil
import sys
from subprocess import run

import pytest
from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamablehttp_client

from explorer.model.catalog import DEFAULT, ROOT
from explorer.web.language import in_language
from explorer.web.uploads import GONE
from tests.web.serving import META, call, in_a_loop_of_its_own, serving, upload

SHOE = next((ROOT / "assets" / "examples" / "fashion").glob("sneaker*.png"))
URI = f"data:image/png;base64,{base64.b64encode(SHOE.read_bytes()).decode()}"
NAMES = ["analyse", "classify", "explain", "sweep"]
EXAMPLES = re.findall(
    r"```(\w+)\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture(scope="module")
def server():
    with serving(mcp_server=True) as client:
        yield client


def test_only_the_named_endpoints_are_public(server):
    assert sorted(server.get("/gradio_api/info").json()["named_endpoints"]) == [f"/{name}" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_a_body_is_typed_and_an_upload_and_a_data_uri_give_one_answer_below_8_kb(server, name):
    facts = server.get("/gradio_api/info").json()["named_endpoints"][f"/{name}"]
    kinds = {p["parameter_name"]: p["type"] for p in facts["parameters"]}
    assert {"picture", "model"} <= set(kinds)
    assert all(kind and kind != {} for kind in kinds.values())
    assert facts["returns"][0]["type"]["properties"]
    stored = call(
        server, name, picture={"path": upload(server, SHOE.read_bytes()), "meta": META}, model=DEFAULT
    )
    sent = call(server, name, picture=URI, model=DEFAULT)
    for answer in (stored, sent):
        answer.pop("ms", None)
    assert stored == sent
    assert sent["model"] == DEFAULT
    assert len(json.dumps(sent)) < 8_000


def test_the_example_that_use_via_api_shows_can_be_sent_as_it_is(server):
    for name, facts in server.get("/gradio_api/info").json()["named_endpoints"].items():
        given = {p["parameter_name"]: p for p in facts["parameters"]}
        assert [p["label"] for p in facts["parameters"]] == list(given)
        answer = call(server, name[1:], picture=given["picture"]["example_input"], model=DEFAULT)
        assert answer["model"] == DEFAULT
        # Gradio puts into quotes what is text and nothing else: without them its example would not even be Python.
        assert given["picture"]["python_type"]["type"] == "str"


def test_the_endpoints_agree_with_each_other(server):
    analysis = call(server, "analyse", picture=URI, model=DEFAULT)
    found = call(server, "classify", picture=URI, model=DEFAULT, rule="confidence", threshold=0.9)
    first = next(
        e for e in analysis["exits"] if e["scores"]["confidence"] >= 0.9 or e is analysis["exits"][-1]
    )
    assert found["exit"]["block"] == first["block"]
    assert found["prediction"][0]["label"] == first["label"]
    swept = call(server, "sweep", picture=URI, model=DEFAULT)["steps"]
    assert [step["threshold"] for step in swept] == [round(i / 20, 4) for i in range(21)]
    assert next(step for step in swept if step["threshold"] == 0.9)["block"] == first["block"]
    map_ = call(server, "explain", picture=URI, model=DEFAULT, block=4, label="Sneaker")
    row, column = map_["strongest"]
    assert map_["values"][row][column] == max(max(line) for line in map_["values"])
    assert (map_["block"], map_["grid"]) == (4, [len(map_["values"]), len(map_["values"][0])])


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("analyse", {"picture": "data:image/png;base64,AAAA"}, "This file is not an image"),
        ("analyse", {"picture": "https://example.org/x.png"}, "One of these files is not here any more"),
        ("analyse", {"model": "nobody"}, "This page does not offer the model 'nobody'"),
        ("classify", {"rule": "luck"}, "There is no exit rule 'luck'; choose one of confidence, "),
        ("sweep", {"rule": "luck"}, "There is no exit rule 'luck'; choose one of confidence, "),
        ("classify", {"threshold": "high"}, "A threshold is a number"),
        (
            "classify",
            {"threshold": 80},
            "confidence takes a threshold from 0 to 1, and 80 is none; did you mean 0.8?",
        ),
        ("explain", {"block": 12}, "There is no local head behind block 12"),
        ("explain", {"label": "Zebra"}, "knows no label 'Zebra'"),
        ("sweep", {"picture": None}, "One of these files is not here any more"),
    ],
)
def test_a_mistake_is_one_sentence(server, name, asked, said):
    failed = call(server, name, **({"picture": URI, "model": DEFAULT} | asked))["failed"]
    assert said in failed["error"]
    assert "\n" not in failed["error"]
    assert in_language(failed["error"], "de") != failed["error"]


@pytest.mark.parametrize(
    ("address", "body", "status", "said"),
    [
        ("v2/analyse", {}, 400, "The question has no picture; analyse takes picture, model."),
        ("v2/sweep", {"picture": URI, "modell": "x"}, 400, "has a value 'modell'; sweep takes picture, model, rule."),
        ("v2/explain/", [URI], 400, "as a JSON object: explain takes picture, model, block, label."),
        ("v2/guess", {}, 404, "There is no endpoint 'guess'; ask one of analyse, classify, explain, sweep."),
        ("analyse", {}, 400, "Send a list of values under the name data; analyse takes picture, model."),
        ("analyse", {"data": []}, 400, "The question has no picture; analyse takes picture, model."),
        ("analyse", {"data": [URI, DEFAULT, 1]}, 400, "too many values; analyse takes picture, model."),
        ("guess", {"data": [URI]}, 404, "There is no endpoint 'guess'"),
    ],
)  # fmt: skip
def test_a_call_that_lacks_something_is_told_what_the_endpoint_takes(server, address, body, status, said):
    answer = server.post(f"/gradio_api/call/{address}", json=body)
    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text
    german = server.post(f"/gradio_api/call/{address}", json=body, headers={"Accept-Language": "de"}).json()
    assert german["error"] != answer.json()["error"]


def with_tools(server, work):
    """What the coroutine function `work` returns, given a session with the page's MCP server as a client opens it."""

    async def session():
        address = f"{str(server.base_url).rstrip('/')}/gradio_api/mcp/"
        async with streamablehttp_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return await work(session)

    return in_a_loop_of_its_own(session)


def test_the_mcp_tools_are_the_endpoints_and_answer_the_same_in_json(server):
    async def ask(session):
        tools = (await session.list_tools()).tools
        answers = [await session.call_tool(t.name, {"picture": URI, "model": DEFAULT}) for t in tools]
        return tools, answers

    tools, answers = with_tools(server, ask)
    assert sorted(tool.name for tool in tools) == NAMES
    for tool, answer in zip(tools, answers, strict=True):
        assert "picture" in tool.inputSchema["required"]
        assert tool.inputSchema["properties"]["model"]["description"]
        assert not answer.isError
        (said,) = answer.content
        assert len(said.text) < 8_000
        told, called = json.loads(said.text), call(server, tool.name, picture=URI, model=DEFAULT)
        told.pop("ms", None), called.pop("ms", None)
        assert told == called


def test_an_mcp_client_too_gets_one_sentence_and_no_other_file(server):
    async def ask(session):
        for picture in ("data:image/png;base64,AAAA", "/etc/hostname", "http://127.0.0.1:9/x.png"):
            answer = await session.call_tool("analyse", {"picture": picture, "model": DEFAULT})
            assert answer.isError
            yield answer.content[0].text
        for file in ({"path": "/etc/hostname"}, {"path": str(SHOE), "meta": META}):
            with pytest.raises(McpError) as refused:
                await session.call_tool("analyse", {"picture": file, "model": DEFAULT})
            yield str(refused.value)

    async def all_of(session):
        return [said async for said in ask(session)]

    unreadable, *elsewhere = with_tools(server, all_of)
    assert unreadable == "This file is not an image Pillow can read; try a JPEG or PNG."
    assert elsewhere == [GONE] * 4


@pytest.mark.parametrize(("kind", "code"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_the_examples_of_the_documentation_run(server, tmp_path, kind, code):
    shutil.copy(SHOE, tmp_path / "shoe.png")
    here = str(server.base_url).rstrip("/")
    code = code.replace("http://127.0.0.1:7860", here).replace("photos", DEFAULT)
    if kind == "python":
        command = [sys.executable, "-c", code]
    elif kind == "bash":
        command = ["bash", "-euo", "pipefail", "-c", code]
    elif kind == "javascript":
        (tmp_path / "example.mjs").write_text(code)
        command = ["node", "example.mjs"]
    else:
        pytest.skip("an answer, not a program")
    done = run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Sneaker" in done.stdout
