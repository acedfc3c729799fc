"""Builds the Exit Explorer page and opens it; also the entry point of a Hugging Face Space."""

import sys

from explorer.model.bundle import ModelError
from explorer.web.page import build, launch_kwargs

if __name__ == "__main__":
    try:
        options, page = launch_kwargs(), build()
    except ModelError as error:  # there is none to open
        sys.exit(str(error))
    page.launch(**options)
