// JsonMembers: reads members of a JSON document and remembers whether all were as they must be.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/digest.hpp"

namespace mrun {

/// A member that is missing or of another type reads as nothing, and `ok` is false from then on.
class JsonMembers {
 public:
  using Json = nlohmann::json;

  bool ok() const { return ok_; }
  void require(bool condition) { ok_ = ok_ && condition; }

  const Json& member(const Json& object, const char* name);
  std::uint64_t number(const Json& object, const char* name);
  std::int64_t signed_number(const Json& object, const char* name);
  bool boolean(const Json& object, const char* name);
  /// What json_quoted wrote: any bytes.
  std::string text(const Json& object, const char* name) { return text_of(member(object, name)); }
  std::string text_of(const Json& value);
  Digest128 digest(const Json& object, const char* name);
  /// Calls `read` with each item of a list.
  template <typename Read>
  void list(const Json& object, const char* name, const Read& read) {
    const Json& items = member(object, name);
    if (!items.is_array())
      ok_ = false;
    else
      for (const Json& item : items) read(item);
  }

 private:
  std::string bytes_of(const std::string& hex);

  bool ok_ = true;
};

}  // namespace mrun
