"""Pictures on their way to a network: read safely, and seen as the network sees them."""
