// sort: the input's records in byte order, equal ones as often as they occur. As `LC_ALL=C sort`;
// by a range of each record's bytes, as `sort -s`.
#include <mrun/mrun.hpp>

#include "common/byte_range.hpp"

struct Sort {
  static constexpr auto name = "sort";
  static constexpr auto help =
      "sorts records by their bytes; the parts in order are one sorted sequence";
  static constexpr bool total_order = true;
  static constexpr auto output = mrun::Output::key;

  mrun::Param<std::string> bytes{
      "bytes", "", "sort by these bytes of each record alone, from 1, as 3-12 or 3-; else by all"};
  ByteRange key = ByteRange::parse("bytes", *bytes);

  void shape(mrun::Shape<Sort>& shape) const {
    if (!bytes->empty()) shape.output(mrun::Output::value);
  }
  void map(std::string_view record, mrun::Emit<std::string_view, std::string_view>& out) {
    if (bytes->empty())
      out(record, {});
    else
      out(key.of(record), record);
  }
};

MRUN_JOB(Sort)
