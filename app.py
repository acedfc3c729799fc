"""Builds the Exit Explorer page and opens it; also the entry point of a Hugging Face Space."""

import os
import sys

from explorer.web.page import build, launch_kwargs
from explorer.web.serve import serve

if __name__ == "__main__":
    try:
        options, page = launch_kwargs(), build()
    except ValueError as error:  # no model to open, or no folder to write to
        sys.exit(str(error))
    serve(page, options)
    os._exit(0)  # threads that still compute for visitors who left are not waited for
