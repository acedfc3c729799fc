"""Many pictures: batches of them, how reports are written, and shards on several processes."""
