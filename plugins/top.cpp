// top: the records with the largest numbers in a field.
//
// A record is emitted while fewer than k of its part of the input had a larger number, which
// after a while is hardly ever: only those are sorted. One partition sees them all in order.
#include <algorithm>
#include <functional>
#include <mrun/mrun.hpp>
#include <vector>

#include "common/table_options.hpp"

struct Top {
  static constexpr auto name = "top";
  static constexpr auto help =
      "writes the k records with the largest number in a field, largest first; equal ones by bytes";
  static constexpr int partitions = 1;
  using Combine = mrun::Count;
  using Number = mrun::Decimal::Order;
  using Key = std::tuple<mrun::Desc<std::uint64_t>, mrun::Desc<std::uint64_t>, std::string_view>;

  mrun::Param<std::uint64_t> k{"k", "10", "how many records"};
  mrun::Param<std::string> field{"field", "1", "the field with the number, from 1 or by name"};
  mrun::Param<bool> skip_bad{"skip-bad", "false", "leave out records whose field is no number"};
  mrun::Counter skipped{"skipped_records", "records without a number, left out"};
  TableOptions table;
  Columns columns{table, {*field}};

  void shape(mrun::Shape<Top>& shape) const { table.shape(shape); }

  void map(const mrun::Chunk& chunk, mrun::Emit<Key, mrun::None>& out) {
    columns.each(chunk, [&](std::string_view record, bool has_field) {
      map_record(record, has_field, out);
    });
  }

  void reduce(const Key& key, mrun::Values<std::uint64_t>& counts, mrun::Out& out) {
    for (const std::uint64_t count : counts)
      for (std::uint64_t i = 0; i < count && written < *k; ++i, ++written) out(std::get<2>(key));
  }

 private:
  void map_record(std::string_view record, bool has_field, mrun::Emit<Key, mrun::None>& out) {
    const auto number = has_field ? mrun::parse_decimal(columns[0]) : std::nullopt;
    if (number) {
      const Number order = number->order();
      if (may_be_among_k(order)) out({{order.high}, {order.low}, record});
    } else if (*skip_bad) {
      ++skipped;
    } else {
      mrun::bad_record((has_field ? columns.no_number(0) : columns.missing()) +
                       "; -D skip-bad leaves such records out");
    }
  }

  // Beyond this many, remembering the largest numbers costs more than sorting a few more records.
  static constexpr std::uint64_t kRememberedMost = 65'536;

  bool may_be_among_k(Number number) {
    if (*k > kRememberedMost) return true;
    if (largest.size() == *k) {
      if (largest.empty() || number < largest.front()) return false;
      std::pop_heap(largest.begin(), largest.end(), std::greater<>());
      largest.pop_back();
    }
    largest.push_back(number);
    std::push_heap(largest.begin(), largest.end(), std::greater<>());
    return true;
  }

  std::vector<Number> largest;  // the k largest so far, as a heap with the least in front
  std::uint64_t written = 0;
};

MRUN_JOB(Top)
