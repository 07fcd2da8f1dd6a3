// Temporary folders and whole-file helpers for tests that work on real files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mrun::test_support {

/// A fresh folder, removed with all it holds at the end of the scope unless MRUN_TEST_KEEP is set.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// Writes a file, and the folders above it. Throws std::runtime_error.
void write_file(const std::string& path, std::string_view bytes);
/// Throws std::runtime_error where the file cannot be read.
std::string read_file(const std::string& path);
bool exists(const std::string& path);
void remove_tree(const std::string& path);

/// Every regular file below `folder` by relative path, with its bytes.
std::map<std::string, std::string> read_tree(const std::string& folder);
/// The names in a folder, hidden ones too, in byte order.
std::vector<std::string> names_in(const std::string& folder);

/// What a reader may rely on in an output: the part files, side outputs and `_SUCCESS`.
/// Leaves out `_mrun/`, which says how and when a run went.
std::map<std::string, std::string> read_output(const std::string& folder);

/// The lines of a text, without their newlines.
std::vector<std::string> lines_of(std::string_view text);

}  // namespace mrun::test_support
