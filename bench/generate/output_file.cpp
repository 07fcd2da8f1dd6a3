// Writes a generated file.
#include "generate/output_file.hpp"

#include <utility>

#include "common/fatal.hpp"

namespace mrun::bench {

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), buffer_(kFlushBytes + kMaxPiece) {
  if (std::remove(path_.c_str()) != 0 && errno != ENOENT) fatal_errno("replace", path_);
  file_.reset(std::fopen(path_.c_str(), "wb"));
  if (!file_) fatal_errno("create", path_);
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);
}

void OutputFile::flush() {
  if (std::fwrite(buffer_.data(), 1, used_, file_.get()) != used_) fatal_errno("write", path_);
  used_ = 0;
}

void OutputFile::finish() {
  flush();
  if (std::fclose(file_.release()) != 0) fatal_errno("write", path_);
}

}  // namespace mrun::bench
