"""What the network looked at: attention of the class token, saliency of an exit, both packed for the page."""
