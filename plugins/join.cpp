// join: rows of two inputs that agree in a field, every pair of them.
//
// A secondary sort brings the left rows of a key before its right ones. The left ones are put
// aside, on disk if need be, and read again for each right row.
#include <mrun/mrun.hpp>

#include "common/table_options.hpp"

struct Join {
  static constexpr auto name = "join";
  static constexpr auto help =
      "writes every pair of rows of two inputs that agree in a field: the left row, the right row";
  static constexpr mrun::Input inputs[] = {{"left", "lines", "rows that stand first in a pair"},
                                           {"right", "lines", "rows that stand second"}};
  static constexpr int group_fields = 1;
  static constexpr bool independent_groups = true;
  using Key = std::tuple<std::string_view, bool>;  // the field, and whether the row is a right one

  mrun::Param<std::string> field{"field", "1", "the field of both inputs, from 1 or by name"};
  mrun::Param<std::string> right_field{"right-field", "", "the right input's, where it is another"};
  mrun::Param<std::string> kind{
      "kind", "inner", "inner: pairs; left: and left rows without a right one; anti: those alone",
      "inner|left|anti"};
  TableOptions table;
  Columns left{table, {*field}};
  Columns right{table, {right_field->empty() ? *field : *right_field}};

  void shape(mrun::Shape<Join>& shape) const { table.shape(shape); }

  void map(const mrun::Chunk& chunk, mrun::Emit<Key, std::string_view>& out) {
    const bool is_right = chunk.input == 1;
    Columns& columns = is_right ? right : left;
    columns.each(chunk, [&](std::string_view row, bool has_field) {
      if (!has_field) mrun::bad_record(columns.missing());
      out({columns[0], is_right}, mrun::trim_cr(row));
    });
  }

  void reduce(const Key&, mrun::Values<std::string_view>& rows, mrun::Rows& lefts, mrun::Out& out) {
    bool has_right = false;
    for (const std::string_view row : rows) {
      const bool is_right = rows.key_bytes().back() != 0;
      has_right = has_right || is_right;
      if (!is_right) {
        lefts.append(row);
      } else if (*kind == "anti" || lefts.empty()) {
        break;  // Right rows alone are of no use.
      } else {
        for (const std::string_view other : lefts) write(other, row, out);
      }
    }
    if (has_right || *kind == "inner") return;
    for (const std::string_view row : lefts) out(row);
  }

 private:
  void write(std::string_view first, std::string_view second, mrun::Out& out) {
    pair.assign(first);
    pair.push_back(table.separator());
    pair.append(second);
    out(pair);
  }

  std::string pair;
};

MRUN_JOB(Join)
