#include "table/kv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/digest.hpp"
#include "os/mapped_file.hpp"
#include "table/kv_format.hpp"
#include "table/pair_stream.hpp"

namespace mrun {
namespace {

std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

}  // namespace

struct KvReader::State {
  explicit State(std::shared_ptr<MappedFile> mapped) : file(std::move(mapped)) {}

  Failure damaged(std::string_view what, std::uint64_t offset) const {
    return fail(Code::integrity,
                fmt::format("kv file '{}' is damaged at offset {}: {}", file->path(), offset, what),
                "restore the file, or run its job again");
  }

  std::shared_ptr<MappedFile> file;
  std::uint64_t at = kKvHeaderBytes;
  std::uint64_t pairs = 0;
  bool has_ended = false;
};

KvReader::KvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
KvReader::KvReader(KvReader&&) noexcept = default;
KvReader::~KvReader() = default;

Result<KvReader> KvReader::open(const std::string& path) {
  MRUN_TRY_ASSIGN(std::shared_ptr<MappedFile> file,
                  MappedFile::open(path, MappedFile::Reading::once));
  auto state = std::make_unique<State>(std::move(file));
  const std::span<const std::byte> bytes = as_bytes(state->file->data(), state->file->size());
  if (!begins_as_kv(bytes))
    return fail(Code::input, fmt::format("'{}' is not a kv file", path),
                "name a part of an output in the format kv");
  const auto header = kv_header();
  if (bytes.size() < kKvHeaderBytes + kKvTrailerBytes)
    return state->damaged("it is cut: its end is missing", bytes.size());
  if (std::memcmp(bytes.data(), header.data(), header.size()) != 0)
    return state->damaged(
        "it is of a version that this mrun does not know, or its header is damaged", 0);
  return KvReader(std::move(state));
}

Result<bool> KvReader::next() {
  State& state = *state_;
  if (state.has_ended) return false;
  const std::uint8_t* const data = state.file->data();
  const std::uint64_t trailer_at = state.file->size() - kKvTrailerBytes;
  const std::uint8_t* const end = data + trailer_at;
  if (state.at < trailer_at) {
    PairHead head;
    const std::uint8_t* const key = take_pair_head(data + state.at, end, head);
    const std::uint64_t left = key == nullptr ? 0 : static_cast<std::uint64_t>(end - key);
    if (key == nullptr || head.key_code == 0 || head.key_size() > left ||
        head.value_size() > left - head.key_size())
      return state.damaged("a pair is not whole", state.at);
    key_ = {key, head.key_size()};
    const std::uint8_t* const value = key + head.key_size();
    value_ = {head.value_code == 0 ? nullptr : value, head.value_size()};
    state.at = static_cast<std::uint64_t>(value + head.value_size() - data);
    ++state.pairs;
    return true;
  }
  const auto expected_end = kv_end(state.pairs);
  const std::uint64_t digest_at = state.file->size() - 16;
  const auto expected_digest = kv_digest(digest128(as_bytes(data, digest_at)));
  if (std::memcmp(end, expected_end.data(), expected_end.size()) != 0)
    return state.damaged("its end does not say how many pairs it holds", trailer_at);
  if (std::memcmp(data + digest_at, expected_digest.data(), expected_digest.size()) != 0)
    return state.damaged("its digest does not hold", digest_at);
  state.has_ended = true;
  key_ = value_ = {};
  return false;
}

}  // namespace mrun
