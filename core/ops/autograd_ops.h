// The differentiable operations autograd is built on.
#pragma once

namespace rl {

// Once, before the first backward.
void install_autograd_ops();

}  // namespace rl
