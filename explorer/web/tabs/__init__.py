"""The page's tabs, one module each: what it shows, and what it asks the server."""

from explorer.web.tabs import about, batch, compare, explore, learn, live, stress, tune
from explorer.web.tabs.tab import Tab

# In the order of widgets/store.js, which names them too.
TABS: tuple[Tab, ...] = (
    explore.TAB,
    compare.TAB,
    tune.TAB,
    stress.TAB,
    live.TAB,
    batch.TAB,
    learn.TAB,
    about.TAB,
)
