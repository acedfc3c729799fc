"""The widgets' modules become one script, in the order they need each other."""

import pytest

from explorer.web import page
from explorer.web.script import style_rules, widgets_css, widgets_script


def test_each_module_keeps_its_names_and_comes_after_what_it_imports(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.js").write_text(
        'import { b } from "./deep/b.js";\nimport { a as one } from "./a.js";\n\nb(one);\n'
    )
    (tmp_path / "deep" / "b.js").write_text(
        'import { a } from "../a.js";\n\nexport function b() { return a; }\n'
    )
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    assert widgets_script(tmp_path) == (
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
        widgets_script(tmp_path)


def test_a_missing_module_is_named(tmp_path):
    (tmp_path / "index.js").write_text('import { x } from "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        widgets_script(tmp_path)


def test_the_real_widgets_leave_no_module_syntax_and_cannot_close_the_script_element():
    script = widgets_script()
    assert not [line for line in script.splitlines() if line.startswith(("import ", "export "))]
    assert "</script" not in script
    assert "class Store" in script


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
