"""Expressions on tensors, and what PyTorch makes of them."""
