// sum: groups of rows that agree in some fields, and sums, least and largest numbers and means over
// others. Numbers are decimals and are added exactly, whatever the order.
#include <algorithm>
#include <array>
#include <bit>
#include <mrun/mrun.hpp>

#include "common/group_key.hpp"
#include "common/table_options.hpp"

struct Sum {
  static constexpr auto name = "sum";
  static constexpr auto help =
      "writes for each group of rows its fields, count, sums, minima, maxima and means";
  static constexpr bool independent_groups = true;

  using Fields = mrun::Repeated<std::string>;
  Fields by{"by", "field to group by, by number from 1 or by name; without one: all rows"};
  mrun::Param<bool> count{"count", "false", "write how many rows; as where nothing else is asked"};
  Fields sum{"sum", "field to add up"};
  Fields min{"min", "field whose least number is written"};
  Fields max{"max", "field whose largest number is written"};
  Fields mean{"mean", "field whose mean is written, to six decimals more than its sum has"};
  mrun::Param<bool> skip_bad{"skip-bad", "false",
                             "leave out rows that lack a field or have one that is no number"};
  mrun::Counter skipped{"skipped_rows", "rows left out"};
  TableOptions table;

  /// A state is the number of rows, then for each number its sum, or its least or largest value.
  enum class Kind { sum, min, max, mean };
  struct Number {
    Kind kind;
    std::string field;
    std::size_t word;  // in the state
    bool is_added() const { return kind == Kind::sum || kind == Kind::mean; }
  };
  std::vector<Number> numbers;
  std::vector<std::uint64_t> state{0};
  Columns columns{table, choose()};

  void shape(mrun::Shape<Sum>& shape) const {
    table.shape(shape);
    shape.state_size(state.size() * sizeof(std::uint64_t));
  }

  struct Combine {
    static constexpr bool exact = true;
    static void fold(const Sum& job, std::uint64_t* state, const std::uint64_t* value) {
      state[0] += value[0];
      for (const Number& number : job.numbers) {
        std::uint64_t* const at = state + number.word;
        if (number.is_added()) {
          auto total = load<mrun::DecimalSum>(at);
          total.add(load<mrun::DecimalSum>(value + number.word));
          store(at, total);
        } else {
          const auto other = load<mrun::Decimal::Packed>(value + number.word);
          const auto a = mrun::Decimal::of(load<mrun::Decimal::Packed>(at)),
                     b = mrun::Decimal::of(other);
          if (number.kind == Kind::min ? b < a : b > a) store(at, other);
        }
      }
    }
  };

  void map(const mrun::Record& row, mrun::Emit<std::string_view, std::string_view>& out) {
    if (!columns.split(row)) return leave_out(columns.missing());
    state[0] = 1;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto value = mrun::parse_decimal(columns[by.size() + i]);
      if (!value) return leave_out(columns.no_number(by.size() + i));
      std::uint64_t* const at = &state[numbers[i].word];
      numbers[i].is_added() ? store(at, mrun::DecimalSum::of(*value)) : store(at, value->packed());
    }
    group.begin();
    for (std::size_t i = 0; i < by.size(); ++i) group.add(columns[i], i + 1 == by.size());
    out(group.bytes(),
        {reinterpret_cast<const char*>(state.data()), state.size() * sizeof state[0]});
  }

  void reduce(std::string_view key, mrun::Values<std::string_view>& states, mrun::Out& out) {
    const std::string_view bytes = *states.begin();
    std::memcpy(state.data(), bytes.data(), bytes.size());
    std::vector<std::string_view> texts = group.texts(key, by.size());
    const std::string rows = std::to_string(state[0]);
    if (*count || numbers.empty()) texts.push_back(rows);
    std::vector<std::array<char, mrun::Decimal::kTextBytes>> buffers(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      texts.push_back(result(numbers[i]).text(buffers[i].data()));
    out.fields(texts);
  }

 private:
  std::vector<std::string> choose() {
    std::vector<std::string> fields(by.begin(), by.end());
    const auto add = [&](Kind kind, const Fields& chosen) {
      for (const std::string& field : chosen) {
        numbers.push_back({kind, field, state.size()});
        fields.push_back(field);
        const std::size_t bytes =
            numbers.back().is_added() ? sizeof(mrun::DecimalSum) : sizeof(mrun::Decimal::Packed);
        state.resize(state.size() + bytes / sizeof state[0]);
      }
    };
    add(Kind::sum, sum);
    add(Kind::min, min);
    add(Kind::max, max);
    add(Kind::mean, mean);
    return fields;
  }

  void leave_out(const std::string& why) {
    if (!*skip_bad) mrun::bad_record(why + "; -D skip-bad leaves such rows out");
    ++skipped;
  }

  mrun::Decimal result(const Number& number) const {
    const std::uint64_t* const at = &state[number.word];
    if (!number.is_added()) return mrun::Decimal::of(load<mrun::Decimal::Packed>(at));
    const auto total = load<mrun::DecimalSum>(at).value(state[0]);
    if (!total) mrun::fail("the sum of field '" + number.field + "' may need more than 38 digits");
    return number.kind == Kind::mean ? mrun::decimal_mean(*total, state[0]) : *total;
  }

  template <typename T>
  using Words = std::array<std::uint64_t, sizeof(T) / sizeof(std::uint64_t)>;
  template <typename T>
  static T load(const std::uint64_t* words) {
    Words<T> copy;
    std::copy_n(words, copy.size(), copy.begin());
    return std::bit_cast<T>(copy);
  }
  template <typename T>
  static void store(std::uint64_t* words, const T& value) {
    const auto copy = std::bit_cast<Words<T>>(value);
    std::copy_n(copy.begin(), copy.size(), words);
  }

  GroupKey group;
};

MRUN_JOB(Sum)
