// Hands batches to a job's map, and says where it was when it failed.
#include "plugin/map_attempt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "base/escape_text.hpp"

namespace mrun {
namespace {

/// Refer to input bytes only while at least this share of them is referred to: less is copied
/// faster than the rest of the input is kept.
constexpr std::uint64_t kReferredShareMin = 4;

/// The bytes of a batch that stay in place.
Slice lasting_bytes(const RecordBatch& batch) {
  if (!batch.owner) return {};
  if (batch.records.empty()) return batch.chunk;
  const Slice& last = batch.records.back();
  const std::uint8_t* begin = batch.records.front().data;
  if (begin == nullptr || last.data < begin) return {};
  return {begin, static_cast<std::uint64_t>(last.data - begin) + last.size};
}

/// The record that begins at `at`, and its offset in the file.
struct FoundRecord {
  std::string_view bytes;
  std::uint64_t offset = 0;
};

std::optional<FoundRecord> find_record(const RecordBatch& batch, const std::uint8_t* at) {
  if (at == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const Slice& record = batch.records[i];
    // Records of fixed size touch: the end of one is the next one's begin. An empty one has only
    // that.
    if (at != record.data && (at < record.data || at >= record.data + record.size)) continue;
    return FoundRecord{record.view(), batch.offsets.empty() ? batch.offset : batch.offsets[i]};
  }
  if (batch.chunk.data == nullptr || at < batch.chunk.data ||
      at > batch.chunk.data + batch.chunk.size)
    return std::nullopt;
  const auto before = static_cast<std::uint64_t>(at - batch.chunk.data);
  const std::string_view rest = batch.chunk.view().substr(before);
  return FoundRecord{rest.substr(0, rest.find('\n')), batch.offset + before};
}

}  // namespace

PluginMapAttempt::PluginMapAttempt(const JobTable& job, const AttemptContext& context,
                                   std::uint64_t task, std::span<const std::string> file_names)
    : worker_(job, context, fmt::format("map task {}", task)),
      file_names_(file_names),
      at_(worker_.at()) {
  if (job.spec.map_only) return;
  MRUN_CHECK(context.entries != nullptr);
  emitter_.emplace(worker_, *context.entries);
}

Result<void> PluginMapAttempt::open(void* job_object) {
  MRUN_TRY(worker_.open(job_object, emitter_ ? emitter_->table() : nullptr));
  if (!emitter_) return {};
  // It may have emitted already.
  return worker_.call([] { return std::string("in its open"); }, [&] { return emitter_->take(); });
}

Result<void> PluginMapAttempt::map(const RecordBatch& batch) {
  mrun_batch table{};
  table.size = sizeof(table);
  table.n = static_cast<std::uint32_t>(batch.records.size());
  table.records =
      batch.records.empty() ? nullptr : reinterpret_cast<const mrun_slice*>(batch.records.data());
  table.offsets = batch.records.empty() ? nullptr : batch.offsets.data();
  table.chunk = {batch.chunk.data, batch.chunk.size};
  table.offset = batch.offset;
  table.first_line = batch.first_line;
  table.file = batch.file;
  table.input = batch.input;
  table.header = {batch.header.data, batch.header.size};

  worker_.at() = nullptr;
  CrashScene& scene = worker_.scene();
  scene.file = batch.file < file_names_.size() ? file_names_[batch.file].c_str() : nullptr;
  scene.begin = batch.records.empty() ? batch.chunk.data : batch.records.front().data;
  scene.offset = batch.offset;
  const bool offer_refs = offer_refs_ && batch.owner != nullptr;
  if (emitter_) emitter_->set_refs(offer_refs ? lasting_bytes(batch) : Slice{});
  MRUN_TRY(worker_.call([&] { return place(batch); },
                        [&] {
                          const mrun_status status =
                              worker_.job().maps[batch.input](worker_.object(), &table);
                          // The references of this batch end with it, so it is handed over whole.
                          return status == MRUN_OK && emitter_ ? emitter_->take() : status;
                        }));
  if (offer_refs && emitter_)
    offer_refs_ = emitter_->referred_bytes() >= batch.size_bytes / kReferredShareMin;
  return {};
}

Result<void> PluginMapAttempt::finish() {
  worker_.at() = nullptr;
  worker_.scene().file = nullptr;
  if (emitter_) emitter_->set_refs({});
  return worker_.call([] { return std::string("after its last record"); },
                      [&] {
                        const auto task_end = worker_.job().calls.task_end;
                        const mrun_status status =
                            task_end != nullptr ? task_end(worker_.object()) : MRUN_OK;
                        return status == MRUN_OK && emitter_ ? emitter_->take() : status;
                      });
}

std::string PluginMapAttempt::place(const RecordBatch& batch) const {
  const std::string file = batch.file < file_names_.size()
                               ? fmt::format("file '{}'", escape_text(file_names_[batch.file]))
                               : fmt::format("file number {}", batch.file);
  const std::optional<FoundRecord> record = find_record(batch, at_);
  if (!record) return fmt::format("{}, in the records from offset {} on", file, batch.offset);
  return fmt::format("{}, offset {}, record \"{}\"", file, record->offset,
                     excerpt_text(record->bytes));
}

}  // namespace mrun
