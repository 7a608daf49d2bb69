"""Lookups in a table of vectors."""

from ops.table import op

op(
    "embedding(Tensor weight, Tensor indices, int padding_idx=-1, "
    "bool scale_grad_by_freq=False, bool sparse=False) -> Tensor",
    "Rows of weight at indices.",
    dynamic="embedding",
    variants="function",
    grad={
        "weight": "ops::embedding_dense_backward(grad, indices, weight_sizes[0], "
        "padding_idx, scale_grad_by_freq)"
    },
)
op(
    "embedding_dense_backward(Tensor grad_output, Tensor indices, int num_weights, "
    "int padding_idx, bool scale_grad_by_freq) -> Tensor",
    "Sums the gradients of looked-up rows into a table.",
    dynamic="embedding_dense_backward",
    variants="",
    grad={
        "grad_output": "embedding_double_backward(grad, indices, padding_idx, "
        "scale_grad_by_freq)"
    },
)
op(
    "embedding_renorm_(Tensor self, Tensor indices, float max_norm, float norm_type) "
    "-> Tensor",
    "Scales the rows at indices down to a norm of max_norm.",
    mutate="embedding_renorm_",
    variants="function",
)
op(
    "embedding_bag(Tensor weight, Tensor indices, Tensor offsets, "
    "bool scale_grad_by_freq=False, int mode=0, bool sparse=False, "
    "Tensor? per_sample_weights=None, bool include_last_offset=False, "
    "int? padding_idx=None) -> (Tensor, Tensor, Tensor, Tensor)",
    "Sums (mode 0), means (1) or maxima (2) of the rows in each bag of indices; then "
    "the bag of each index, the size of each bag, and where maxima stood.",
    composite="embedding_bag",
    variants="function",
)
op(
    "one_hot(Tensor self, int num_classes=-1) -> Tensor",
    "Vectors of zeros with a 1 at the class index.",
    dynamic="one_hot",
    variants="",
)
