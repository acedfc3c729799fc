"""What a person's hands do to the page, the wait until it shows what they did, and what its store says."""

import re

STATE = "(() => { const s = window.ExitExplorer.store; return %s; })()"
EXPLORE_UPLOAD = "#ee-tab-explore input[type=file]"  # other tabs have inputs of their own

EXPLORE_WIDGETS = [
    "answer-card", "attention-view", "cost-meter", "cost-table", "depth-chart", "example-strip", "exit-ladder",
    "rule-controls", "saliency-view", "score-curve",
]  # fmt: skip


def painted(page):
    """Wait until the open tab's elements are here and whatever is scheduled for the next frames is painted."""
    page.wait_for_function(
        "!document.querySelector(`#ee-tab-${window.ExitExplorer.store.tab} :not(:defined)`)"
    )
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
    )


def at_rest(page):
    """Wait until the page asks for nothing any more."""
    # Once it stands it asks for newer models, by Gradio's queue: a busy machine may be idle for long before that.
    page.wait_for_function(
        "performance.getEntriesByType('resource').some(({ name }) => name.includes('queue/data'))"
    )
    page.wait_for_load_state("networkidle")


def quiet(page):
    """Wait until the page is at rest, then list every request from here on."""
    at_rest(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def set_slider(page, slider, value):
    """Drag a slider to a value; one that was just given another rule takes its range in the next frame."""
    painted(page)
    slider.evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }", str(value)
    )
    painted(page)


def state(page, expression):
    """A value of the page's store `s`."""
    return page.evaluate(STATE % expression)


def rung(page, block):
    name = re.compile(f"^Block {block}, ")
    return page.get_by_role("listbox", name="Exit ladder").get_by_role("option", name=name)


def show_photo(page):
    """A synthetic 224-pixel photo as a 12-block network with 6 heads on a 16 x 16 grid would see it.

    Head k of block b looks at row 2k, column b and nowhere else.
    """
    page.evaluate(
        """() => {
        const { store } = window.ExitExplorer;
        const [blocks, heads, side] = [12, 6, 16];
        const bytes = new Uint8Array(blocks * heads * side * side);
        for (let b = 0; b < blocks; b++)
          for (let k = 0; k < heads; k++) bytes[((b * heads + k) * side + 2 * k) * side + b] = 255;
        const canvas = Object.assign(document.createElement("canvas"), { width: 224, height: 224 });
        const context = canvas.getContext("2d");
        context.fillStyle = "rgb(200, 60, 20)";
        context.fillRect(0, 0, 224, 224);
        const picture = canvas.toDataURL();
        const peak = Array.from({ length: blocks }, () => Array(heads).fill(0.5));
        const data = btoa(String.fromCharCode(...bytes));
        const facts = { signed: false, units: "attention", evidence: null };
        const map = { grid: [side, side], axes: { block: blocks, head: heads }, peak, data, ...facts };
        const maps = [{ method: "attention", map }];
        store.show({ ...store.rawExample, id: "photo", title: "photo", image: picture, saw: picture, maps });
        store.flush();
        }"""
    )
