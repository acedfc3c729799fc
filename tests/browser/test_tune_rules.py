"""Tune's table and figure of all rules in a real Chromium: loaded when opened, a legend that keeps its choices."""

from playwright.sync_api import expect


def test_all_rules_are_compared_in_a_table_and_a_figure_that_load_when_they_are_opened(visit):
    page = visit("?model=fashion&tab=tune")
    panel = page.locator("tune-rules")
    panel.get_by_role("button", name="Show table and figure").wait_for()
    assert page.evaluate("window.Plotly === undefined")
    panel.get_by_role("button", name="Show table and figure").click()
    rules = page.evaluate("Object.keys(window.ExitExplorer.store.rules).length")
    expect(panel.locator("tbody tr")).to_have_count(rules)
    shown = panel.locator(".figure .trace.scatter")
    switches = panel.locator(".figure .legend .traces .legendtoggle")
    expect(switches).to_have_count(2 * rules, timeout=60_000)  # both grains have come
    expect(shown).to_have_count(rules)  # those of the grain in force
    expect(panel.get_by_role("cell", name="93.44 %").first).to_be_visible()
    switches.first.click()
    expect(shown).to_have_count(rules - 1)
    ink = "() => getComputedStyle(document.querySelector('tune-rules').shadowRoot.querySelector('.xtick text')).fill"
    light = page.evaluate(ink)
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_function(f"({ink})() !== '{light}'")
    expect(shown).to_have_count(rules - 1)  # the other colours did not forget which curves were switched off


def test_a_curve_switched_off_stays_off_when_the_other_grain_s_curves_come(visit):
    """The figure is drawn with what has come, and again with what comes later: a choice made between must hold."""
    page = visit("?model=fashion&tab=tune")
    page.evaluate(
        """() => {
        const { server } = window.ExitExplorer, held = new Promise((go) => (window.letGo = go));
        const later = (question) => (question.grain === "classes" ? question : held.then(() => question));
        const evaluation = async (question) => server.evaluation(await later(question));
        window.ExitExplorer.server = new Proxy({ evaluation }, { get: (own, name) => own[name] ?? server[name] });
        }"""
    )
    panel = page.locator("tune-rules")
    panel.get_by_role("button", name="Show table and figure").click()
    rules = page.evaluate("Object.keys(window.ExitExplorer.store.rules).length")
    shown = panel.locator(".figure .trace.scatter")
    switches = panel.locator(".figure .legend .traces .legendtoggle")
    expect(switches).to_have_count(rules, timeout=60_000)
    switches.nth(3).click()
    expect(shown).to_have_count(rules - 1)
    page.evaluate("window.letGo()")
    expect(switches).to_have_count(2 * rules)
    expect(shown).to_have_count(rules - 1)
    off = panel.locator(".figure .legend .traces[style*='opacity: 0.5']:has(.legendtoggle)")
    expect(off).to_have_count(rules + 1)  # the coarser grain's, and the one


def test_the_figure_s_script_is_compressed_and_a_second_visit_fetches_it_not_again(visit):
    page = visit("?model=fashion&tab=tune")
    sent = """() => {
      const [one] = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/plotly?"));
      return one && [one.transferSize, one.encodedBodySize, one.decodedBodySize];
    }"""
    for again in (False, True):
        page.locator("tune-rules").get_by_role("button", name="Show table and figure").click()
        expect(page.locator("tune-rules .figure .main-svg").first).to_be_visible(timeout=60_000)
        transferred, packed, whole = page.evaluate(sent)
        assert whole > 3 * packed > 3_000_000
        assert transferred == 0 if again else transferred > packed
        page.reload()
        page.wait_for_function("window.ExitExplorer?.store?.trace")
