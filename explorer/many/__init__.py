"""Many pictures: where they come from, how reports are written, and shards on several processes."""
