// Blocks of a mapped file: views, no copies.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "input/block_source.hpp"
#include "input/input_list.hpp"
#include "input/split_planner.hpp"
#include "os/mapped_file.hpp"

namespace mrun {

/// The mapped files of a run: a file is mapped while any range or any block's owner uses it, once
/// however many do. Any thread may call any member. Handed-out mappings may outlive this.
class MappedInputs {
 public:
  MappedInputs();

  /// Maps `file`, or shares its mapping. Code::input where it is no longer the file that was
  /// listed.
  Result<std::shared_ptr<const MappedFile>> map(const InputFile& file, std::uint32_t ordinal);

  /// The path of a file of which a page could not be read in any mapping so far.
  std::optional<std::string> first_damaged() const;

 private:
  struct Damage;
  struct Reporting;

  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::weak_ptr<const MappedFile>> mapped_;
  std::shared_ptr<Damage> damage_;
};

/// "'PATH' could not be read to its end" for a mapping that lost pages.
Failure damaged_failure(const std::string& path);

/// The records that begin in `range`.
std::unique_ptr<BlockSource> make_mapped_blocks(std::shared_ptr<const MappedFile> file,
                                                const SplitRange& range, const BlockRules& rules);

}  // namespace mrun
