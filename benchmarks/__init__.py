"""Speed and size beside PyTorch: the same programs under both, in fresh processes.

``make bench`` prints the table; ``python -m benchmarks --help`` lists the options.
"""
