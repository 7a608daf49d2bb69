"""The functions of `nn.functional`, one file a family; use them from there."""
