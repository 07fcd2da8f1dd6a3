// behind_fence: calls a job's code so that nothing it throws goes any further.
#pragma once

#include <exception>
#include <new>
#include <optional>
#include <string>

namespace mrun {

/// Runs `body`. What it threw, in words; nothing where it returned. The contract forbids a job to
/// throw, and a library without the SDK may do it all the same.
template <typename Body>
std::optional<std::string> behind_fence(Body&& body) {
  try {
    body();
    return std::nullopt;
  } catch (const std::exception& exception) {
    return std::string(exception.what());
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return std::string(text != nullptr ? text : "a null pointer");
  } catch (...) {
    return std::string("something that is not a std::exception");
  }
}

}  // namespace mrun
