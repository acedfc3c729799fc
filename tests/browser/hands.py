"""What a person's hands do to the page, and the wait until it shows what they did."""

EXPLORE_UPLOAD = "#ee-tab-explore input[type=file]"  # other tabs have inputs of their own


def painted(page):
    """Wait until the open tab's elements are here and whatever is scheduled for the next frames is painted."""
    page.wait_for_function(
        "!document.querySelector(`#ee-tab-${window.ExitExplorer.store.tab} :not(:defined)`)"
    )
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
    )


def set_slider(page, slider, value):
    """Drag a slider to a value; one that was just given another rule takes its range in the next frame."""
    painted(page)
    slider.evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }", str(value)
    )
    painted(page)
