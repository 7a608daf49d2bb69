"""The timed programs: overhead of a call, kernels, training steps, model files."""
