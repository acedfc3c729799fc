"""Many pictures: where they come from, what is written of them, and shards on several processes."""
