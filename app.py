"""Builds the Exit Explorer page and opens it; also the entry point of a Hugging Face Space."""

from explorer.web.page import build, launch_kwargs

if __name__ == "__main__":
    build().launch(**launch_kwargs())
