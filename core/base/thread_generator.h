// Which generator a thread draws from when a call names none: its own, or that of the process.
#pragma once

#include "core/base/generator.h"

namespace rl {

// The one of threads that have none of their own.
Generator& process_generator();
// From now on default_generator() of this thread, which must outlive its use; null: the process's.
void set_thread_generator(Generator* generator);

}  // namespace rl
