"""The widgets' modules become a few scripts, each in the order its modules need each other."""

import json
import re

import pytest

from explorer.web import page
from explorer.web.language import strings
from explorer.web.script import first_script, one_script, part_scripts, style_rules, widgets_css, words_script


def test_each_module_keeps_its_names_and_comes_after_what_it_imports(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.js").write_text(
        'import { b } from "./deep/b.js";\nimport { a as one } from "./a.js";\n\nb(one);\n'
    )
    (tmp_path / "deep" / "b.js").write_text(
        'import { a } from "../a.js";\n\nexport function b() { return a; }\n'
    )
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    assert one_script(folder=tmp_path) == (
        "(() => {\n"
        "const m_a = (() => {\nconst a = 1;\n\nreturn { a };\n})();\n"
        "const m_deep_b = (() => {\nconst { a } = m_a;\n\nfunction b() { return a; }\n\nreturn { b };\n})();\n"
        "const m_index = (() => {\nconst { b } = m_deep_b;\nconst { a: one } = m_a;\n\nb(one);\n\nreturn {  };\n})();\n"
        "})();"
    )


def test_a_circle_is_named(tmp_path):
    (tmp_path / "index.js").write_text('import { a } from "./a.js";\n')
    (tmp_path / "a.js").write_text('import { x } from "./index.js";\nexport const a = 1;\n')
    with pytest.raises(ValueError, match=r"index\.js > a\.js"):
        one_script(folder=tmp_path)


def test_a_missing_module_is_named(tmp_path):
    (tmp_path / "index.js").write_text('import { x } from "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        one_script(folder=tmp_path)


def test_a_part_has_what_it_alone_needs_and_takes_the_rest_from_the_first_script(tmp_path):
    files = {
        "index.js": 'import { a } from "./a.js";\n\na();\n',
        "a.js": "export function a() {}\n",
        "both.js": "export const both = 2;\n",
        "x/index.js": 'import { a } from "../a.js";\nimport { both } from "../both.js";\n'
        'import { own } from "./own.js";\n',
        "x/own.js": "export const own = 3;\n",
        "y/index.js": 'import { both } from "../both.js";\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def modules(script):
        return re.findall(r"^const (m_\w+) = ", script, re.MULTILINE)

    first, parts = first_script(tmp_path), part_scripts(tmp_path)
    assert modules(first) == ["m_both", "m_a", "m_index"]
    assert "modules ??= { m_a, m_both };" in first
    assert list(parts) == ["x", "y"]
    assert modules(parts["x"]) == ["m_x_own", "m_x_index"]
    assert "const { m_a, m_both } = window.ExitExplorer.modules;" in parts["x"]
    assert modules(parts["y"]) == ["m_y_index"]


def test_the_real_widgets_leave_no_module_syntax_and_cannot_close_the_script_element():
    scripts = [first_script(), one_script("opening.js"), *part_scripts().values()]
    for script in scripts:
        assert not [line for line in script.splitlines() if line.startswith(("import ", "export "))]
        assert "</script" not in script
    assert [script.count("class Store ") for script in scripts] == [1] + [0] * (len(scripts) - 1)


def test_the_page_begins_with_explore_alone_and_every_tab_is_a_part():
    assert list(part_scripts()) == ["about", "batch", "compare", "explain", "learn", "live", "stress", "tune"]
    assert not re.search(r"class (Tune|Compare|Stress|Batch|Lesson|LiveView|SaliencyView)", first_script())


def test_a_language_comes_alone_but_for_the_sentences_that_the_server_says_in_english():
    english, german = (words_script(code, strings(code)) for code in ("en", "de"))
    assert strings("en")["explore.why"] in english
    assert strings("de")["explore.why"] not in english
    assert strings("en")["learn.trust_task"] not in german
    assert json.dumps(strings("en")["server.your_image"])[1:-1] in german


def test_the_stylesheet_is_nested_under_the_root_and_its_own_root_is_that_one():
    css = (
        ".a { color: red; }\n:root[data-x] .b,\n:root:not([y]) .c { color: blue; }\n"
        "@media print {\n  :root .d { x: y; }\n}"
    )
    style = style_rules(css)
    assert style.startswith(":root:root:root {\n.a {")
    assert "&[data-x] .b,\n&:not([y]) .c {" in style
    assert "\n  & .d {" in style
    assert style.endswith("}")


def test_no_rule_of_the_page_names_the_root_where_it_would_not_be_found():
    css = widgets_css() + (page.HERE / "page.css").read_text()
    assert ":root" not in style_rules(css).removeprefix(":root:root:root {")
