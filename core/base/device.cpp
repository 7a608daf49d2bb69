// Device names.
#include "core/base/device.h"

#include "core/base/error.h"

namespace rl {

const char* Device::type_name() const {
  switch (type) {
    case DeviceType::Cuda:
      return "cuda";
    case DeviceType::Meta:
      return "meta";
    default:
      return "cpu";
  }
}

std::string Device::to_string() const {
  return index < 0 ? type_name() : str(type_name(), ":", static_cast<int>(index));
}

Device Device::parse(const std::string& text) {
  RL_CHECK(!text.empty(), "Device string must not be empty");
  const size_t colon = text.find(':');
  const std::string head = text.substr(0, colon);
  Device device;
  if (head == "cpu")
    device.type = DeviceType::Cpu;
  else if (head == "cuda")
    device.type = DeviceType::Cuda;
  else if (head == "meta")
    device.type = DeviceType::Meta;
  else
    fail(ErrorType::Runtime,
         "Expected one of cpu, cuda, meta device type at start of device string: ", text);
  if (colon != std::string::npos) {
    const std::string digits = text.substr(colon + 1);
    const bool valid = !digits.empty() && digits.size() <= 3 &&
                       digits.find_first_not_of("0123456789") == std::string::npos &&
                       (digits.size() == 1 || digits[0] != '0');
    RL_CHECK(valid && std::stoi(digits) < 128, "Invalid device string: '", text, "'");
    device.index = static_cast<int8_t>(std::stoi(digits));
  }
  return device;
}

}  // namespace rl
