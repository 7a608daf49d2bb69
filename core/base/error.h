// Errors: one C++ exception with the Python type it becomes, and a check that builds its text.
#pragma once

#include <complex>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "core/base/dtype.h"

namespace rl {

enum class ErrorType : uint8_t {
  Runtime,
  Value,
  Type,
  Index,
  NotImplemented,
  Attribute,
  Buffer,
  Assertion,
  OutOfMemory,
};

class Error : public std::exception {
 public:
  Error(ErrorType type, std::string text) : type_(type), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  ErrorType type() const { return type_; }

 private:
  ErrorType type_;
  std::string text_;
};

namespace detail {
void append(std::string& out, std::string_view part);
void append(std::string& out, int64_t part);
void append(std::string& out, double part);
void append(std::string& out, Dtype part);                      // as "Float"
void append(std::string& out, std::span<const int64_t> sizes);  // as [2, 3]
inline void append(std::string& out, const char* part) { append(out, std::string_view(part)); }
inline void append(std::string& out, const std::string& part) {
  append(out, std::string_view(part));
}
inline void append(std::string& out, int part) { append(out, static_cast<int64_t>(part)); }
inline void append(std::string& out, size_t part) { append(out, static_cast<int64_t>(part)); }
inline void append(std::string& out, char part) { out.push_back(part); }
inline void append(std::string& out, bool part) { append(out, part ? "True" : "False"); }
}  // namespace detail

// Concatenates text, numbers, sizes and dtypes.
template <class... Parts>
std::string str(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

template <class... Parts>
[[noreturn]] void fail(ErrorType type, const Parts&... parts) {
  throw Error(type, str(parts...));
}

}  // namespace rl

// The text is built only when the condition fails.
#define RL_CHECK_AS(type, condition, ...)             \
  do {                                                \
    if (!(condition)) [[unlikely]]                    \
      ::rl::fail(::rl::ErrorType::type, __VA_ARGS__); \
  } while (0)
#define RL_CHECK(condition, ...) RL_CHECK_AS(Runtime, condition, __VA_ARGS__)
#define RL_CHECK_VALUE(condition, ...) RL_CHECK_AS(Value, condition, __VA_ARGS__)
#define RL_CHECK_TYPE(condition, ...) RL_CHECK_AS(Type, condition, __VA_ARGS__)
#define RL_CHECK_INDEX(condition, ...) RL_CHECK_AS(Index, condition, __VA_ARGS__)
