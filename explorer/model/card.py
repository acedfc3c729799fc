"""What every card of a model made here begins with, in the words that the Hugging Face hub reads."""

TAGS = ("early-exit", "vision-transformer", "exit-explorer")  # what the Space's own README has too
FRONT_MATTER = "\n".join(
    [
        "---",
        "library_name: timm",
        "pipeline_tag: image-classification",
        "tags:",
        *(f"- {tag}" for tag in TAGS),
        "---\n",
    ]
)
