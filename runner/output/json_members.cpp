#include "output/json_members.hpp"

namespace mrun {
namespace {

constexpr std::size_t kDigestBytes = 16;

}  // namespace

const JsonMembers::Json& JsonMembers::member(const Json& object, const char* name) {
  static const Json kNull;
  const auto at = object.find(name);
  if (object.is_object() && at != object.end()) return *at;
  ok_ = false;
  return kNull;
}

std::uint64_t JsonMembers::number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  ok_ = false;
  return 0;
}

std::int64_t JsonMembers::signed_number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  ok_ = false;
  return 0;
}

bool JsonMembers::boolean(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_boolean()) return value.get<bool>();
  ok_ = false;
  return false;
}

std::string JsonMembers::text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object()) {
    const Json& hex = member(value, "hex");
    if (hex.is_string()) return bytes_of(hex.get<std::string>());
  }
  ok_ = false;
  return {};
}

Digest128 JsonMembers::digest(const Json& object, const char* name) {
  const std::string bytes = bytes_of(text(object, name));
  if (bytes.size() != kDigestBytes) ok_ = false;
  Digest128 digest;
  for (std::size_t i = 0; i < bytes.size() && i < kDigestBytes; ++i) {
    std::uint64_t& word = i < 8 ? digest.hi : digest.lo;
    word = word << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return digest;
}

std::string JsonMembers::bytes_of(const std::string& hex) {
  const auto digit = [this](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    ok_ = false;
    return 0;
  };
  if (hex.size() % 2 != 0) ok_ = false;
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return bytes;
}

}  // namespace mrun
