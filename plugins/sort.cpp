// sort: the input's records in byte order, equal ones as often as they occur. As `LC_ALL=C sort`;
// by keys or a range of each record's bytes, as `sort -s`.
#include <mrun/mrun.hpp>

#include "common/byte_range.hpp"
#include "common/separator.hpp"
#include "common/sort_keys.hpp"

struct Sort {
  static constexpr auto name = "sort";
  static constexpr auto help =
      "sorts records by their bytes or by keys; the parts in order are one sorted sequence";
  static constexpr bool total_order = true;
  static constexpr bool independent_groups = true;
  static constexpr auto output = mrun::Output::key;

  mrun::Repeated<std::string> key{
      "key", "sort by these fields, as -k of sort(1): FIELD[.BYTE][bdfinr][,FIELD...]"};
  mrun::Param<std::string> separator{
      "separator", "", "of fields: tab, comma, space or one byte; else blanks, as in sort(1)"};
  mrun::Param<bool> ignore_case{"ignore-case", "false", "a letter is its other case, too"};
  mrun::Param<bool> unique{"unique", "false", "write the first of records that sort alike alone"};
  mrun::Param<std::string> bytes{"bytes", "",
                                 "sort by these bytes of each record alone, from 1, as 3-12 or 3-"};
  ByteRange range = ByteRange::parse("bytes", *bytes);
  SortKeys keys{{key.begin(), key.end()}, separator_byte(), *ignore_case};
  bool by_bytes = !bytes->empty();

  void shape(mrun::Shape<Sort>& shape) const {
    if (by_bytes && !keys.empty()) mrun::fail("parameter bytes: keys say what to sort by, too");
    if (by_bytes || !keys.empty()) shape.output(mrun::Output::value);
    if (!*unique) shape.reduce(false);
  }

  void map(std::string_view record, mrun::Emit<std::string_view, std::string_view>& out) {
    if (!keys.empty()) {
      keys.encode(record, encoded);
      out(encoded, record);
    } else if (by_bytes) {
      out(range.of(record), record);
    } else {
      out(record, {});
    }
  }

  /// With `unique` alone.
  void reduce(std::string_view sorted, mrun::Values<std::string_view>& records, mrun::Out& out) {
    out(by_bytes || !keys.empty() ? *records.begin() : sorted);
  }

 private:
  int separator_byte() const {
    if (separator->empty()) return -1;
    if (const std::optional<char> parsed = parse_separator(*separator))
      return static_cast<unsigned char>(*parsed);
    mrun::fail("parameter separator: '" + *separator +
               "' is neither one byte nor tab, comma or space");
  }

  std::string encoded;
};

MRUN_JOB(Sort)
