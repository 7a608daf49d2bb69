"""Attention."""

from ops.table import op

op(
    "scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, "
    "Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, *, "
    "float? scale=None, bool enable_gqa=False) -> Tensor",
    "softmax(query key^T scale + mask) value; a bool mask says which keys are seen.",
    composite="scaled_dot_product_attention",
    variants="",
)
op(
    "_scaled_dot_product_flash_attention_for_cpu(Tensor query, Tensor key, Tensor value, "
    "float dropout_p=0.0, bool is_causal=False, *, Tensor? attn_mask=None, "
    "float? scale=None) -> (Tensor output, Tensor logsumexp)",
    "Attention in blocks, without the matrix of weights; the mask is not differentiated.",
    dynamic="flash_attention",
    variants="",
    differentiable="output",
    vjp="flash_attention",
    saves="query key value attn_mask output logsumexp",
)
op(
    "_scaled_dot_product_flash_attention_for_cpu_backward(Tensor grad_out, Tensor query, "
    "Tensor key, Tensor value, Tensor out, Tensor logsumexp, float dropout_p, "
    "bool is_causal, *, Tensor? attn_mask=None, float? scale=None) "
    "-> (Tensor grad_query, Tensor grad_key, Tensor grad_value)",
    "Gradients of attention; recomputes the weights block by block.",
    dynamic="flash_attention_backward",
    variants="",
)
op(
    "_safe_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
    "softmax, with zeros where all elements are -inf.",
    composite="safe_softmax",
    variants="",
)
