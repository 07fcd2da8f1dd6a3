// distinct: every record, or every value of a field, once; with its number of occurrences on
// demand.
#include <mrun/mrun.hpp>

#include "common/table_options.hpp"

struct Distinct {
  static constexpr auto name = "distinct";
  static constexpr auto help = "writes each record, or each value of a field, once";
  static constexpr auto output = mrun::Output::key;
  using Combine = mrun::Count;

  mrun::Param<std::string> field{
      "field", "", "the field that counts, by number from 1 or by name; else the whole record"};
  mrun::Param<bool> count{"count", "false", "add TAB and how often it occurs"};
  TableOptions table;
  Columns columns = Columns::optional(table, *field);

  void shape(mrun::Shape<Distinct>& shape) const {
    table.shape(shape);
    if (*count) shape.output(mrun::Output::pair);
  }
  void map(const mrun::Chunk& chunk, mrun::Emit<std::string_view, mrun::None>& out) {
    if (columns.size() == 0) {
      for (const std::string_view record : mrun::lines{chunk}) out(record);
      return;
    }
    columns.each(chunk, [&](std::string_view, bool has_field) {
      if (!has_field) mrun::bad_record(columns.missing());
      out(columns[0]);
    });
  }
};

MRUN_JOB(Distinct)
