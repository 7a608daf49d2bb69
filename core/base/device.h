// Where a tensor's bytes are, and how they are laid out.
#pragma once

#include <cstdint>
#include <string>

namespace rl {

enum class DeviceType : int8_t { Cpu, Cuda, Meta };

struct Device {
  DeviceType type = DeviceType::Cpu;
  int8_t index = -1;  // -1: none named

  bool operator==(const Device&) const = default;
  bool is_cpu() const { return type == DeviceType::Cpu; }
  bool is_meta() const { return type == DeviceType::Meta; }
  const char* type_name() const;
  std::string to_string() const;  // "cpu", "cuda:1"
  static Device parse(const std::string& text);
};

enum class Layout : uint8_t { Strided };
enum class MemoryFormat : uint8_t { Contiguous, Preserve, ChannelsLast, ChannelsLast3d };

}  // namespace rl
