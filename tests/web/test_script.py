"""The widgets' modules become one script, in the order they need each other."""

import pytest

from explorer.web.script import widgets_script


def test_modules_come_after_what_they_import_and_lose_their_module_words(tmp_path):
    (tmp_path / "index.js").write_text('import { b } from "./b.js";\nimport { a } from "./a.js";\n\nb(a);\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n\nexport function b() { return a; }\n')
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    assert widgets_script(tmp_path) == (
        "(() => {\nconst a = 1;\n\n\nfunction b() { return a; }\n\n\nb(a);\n\n})();"
    )


def test_a_missing_module_is_named(tmp_path):
    (tmp_path / "index.js").write_text('import { x } from "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        widgets_script(tmp_path)


def test_the_real_widgets_leave_no_module_syntax_and_cannot_close_the_script_element():
    script = widgets_script()
    assert not [line for line in script.splitlines() if line.startswith(("import ", "export "))]
    assert "</script" not in script
    assert "class Store" in script
