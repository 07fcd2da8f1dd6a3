// KeyLookup: the records of some keys, printed in the order in which they are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/stop_flag.hpp"
#include "query/record_printer.hpp"
#include "query/table_output.hpp"
#include "table/table_cursor.hpp"

namespace mrun {

struct LookupStats {
  std::uint64_t keys = 0;
  std::uint64_t found = 0;         ///< Of the keys.
  std::uint64_t parts_asked = 0;   ///< For each key, those that its part rule left.
  std::uint64_t filtered = 0;      ///< Of them, those whose bounds or filter said no.
  std::uint64_t read_in_vain = 0;  ///< Of them, those where a block was read and had no such key.
  ReadStats reads;
};

/// One thread at a time. Borrows all it is made with.
class KeyLookup {
 public:
  KeyLookup(TableOutput& output, RecordPrinter& printer, const StopFlag& stop)
      : output_(output), printer_(printer), stop_(stop) {}

  /// Prints the records of each key: of leading fields in the order of the keys that have them, of
  /// one key by part, then in stored order. Keys that one text named count as one. False: the
  /// reader of what is printed has gone. Many keys at once are looked up part by part, and what
  /// they found is held until its turn, up to a bound. Errors: those of TableOutput and of the
  /// printer; a stop is Code::cancelled.
  Result<bool> print(std::span<const KeyReader::Key> keys);

  const LookupStats& stats() const { return stats_; }

 private:
  /// What was found of a key before its turn.
  struct Answer {
    /// A record of leading fields: parts give them in order, and all together they are sorted.
    struct Record {
      std::string key;
      std::size_t begin, size;  ///< In `text`.
    };
    std::string text;
    std::vector<Record> records;
    std::size_t held_bytes = 0;  ///< Of both.
    bool is_found = false;
    bool is_held = true;  ///< False: too much to hold, to be looked up again in its turn.
  };
  /// A key, by its number, that is to be looked up in a part.
  struct Ask {
    std::size_t part;
    std::size_t key;
  };
  Result<bool> find(const KeyReader::Key& key, TableCursor& cursor,
                    const std::function<Result<bool>(Slice key, Slice value)>& take);
  Result<bool> print_one(const KeyReader::Key& key);
  Result<bool> print_leading(const KeyReader::Key& key);
  Result<bool> print_answer(Answer& answer);
  void count(const KeyReader::Key& key, bool is_found);
  Result<bool> print_some(std::span<const KeyReader::Key> keys, std::vector<Ask> asks);
  Result<void> answer(const KeyReader::Key& key, TableCursor& cursor, Answer& answer,
                      std::size_t& held_bytes);

  TableOutput& output_;
  RecordPrinter& printer_;
  const StopFlag& stop_;
  LookupStats stats_;
  bool is_text_found_ = false;  ///< Some key of the text whose keys are at hand.
};

}  // namespace mrun
