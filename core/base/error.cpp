// Text of error messages.
#include "core/base/error.h"

#include <cstdio>

namespace rl::detail {

void append(std::string& out, std::string_view part) { out.append(part); }
void append(std::string& out, int64_t part) { out.append(std::to_string(part)); }
void append(std::string& out, Dtype part) { out.append(legacy_name(part)); }

void append(std::string& out, double part) {
  char text[40];
  std::snprintf(text, sizeof(text), "%g", part);
  out.append(text);
}

void append(std::string& out, std::span<const int64_t> sizes) {
  out.push_back('[');
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (i) out.append(", ");
    append(out, sizes[i]);
  }
  out.push_back(']');
}

}  // namespace rl::detail
