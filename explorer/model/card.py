"""How cards of wrapped models, and of those trained on your own pictures, begin: as the Hugging Face hub reads it."""

TAGS = ("early-exit", "vision-transformer", "exit-explorer")  # as in the Space's own README
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
