"""The network: a timm backbone, exit heads, and the folder a model is kept in."""
