// sum: groups of rows that agree in some fields, and sums, least and largest numbers and means over
// others. Numbers are decimals and are added exactly, whatever the order.
#include <algorithm>
#include <array>
#include <charconv>
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
        if (number.is_added())
          add(state + number.word, value + number.word);
        else
          keep(number.kind, state + number.word, value + number.word);
      }
    }

   private:
    [[gnu::always_inline]] static void add(std::uint64_t* at, const std::uint64_t* value) {
      auto total = load_sum(at);
      total.add(load_sum(value));
      store(at, total);
    }
    [[gnu::noinline]] static void keep(Kind kind, std::uint64_t* at, const std::uint64_t* value) {
      const auto a = load_number(at), b = load_number(value);
      if (kind == Kind::min ? b < a : b > a) store(at, b.packed());
    }
  };

  void map(const mrun::Chunk& chunk, mrun::Emit<std::string_view, std::string_view>& out) {
    columns.each(chunk, [&](std::string_view, bool has_all) { map_row(has_all, out); });
  }

  void reduce(std::string_view key, mrun::Values<std::string_view>& states, mrun::Out& out) {
    const std::string_view bytes = *states.begin();
    std::memcpy(state.data(), bytes.data(), bytes.size());
    group.texts(key, by.size(), texts);
    std::array<char, 20> rows;
    if (*count || numbers.empty()) {
      const char* const end = std::to_chars(rows.begin(), rows.end(), state[0]).ptr;
      texts.emplace_back(rows.data(), static_cast<std::size_t>(end - rows.data()));
    }
    for (std::size_t i = 0; i < numbers.size(); ++i)
      texts.push_back(result(numbers[i]).text(buffers[i].data()));
    out.fields(texts);
  }

 private:
  [[gnu::always_inline]] void map_row(bool has_all,
                                      mrun::Emit<std::string_view, std::string_view>& out) {
    if (!has_all) return leave_out(columns.missing());
    std::uint64_t* const words = state.data();
    words[0] = 1;
    std::size_t column = by.size();
    for (const Number& number : numbers) {
      if (!put(number, columns[column], words + number.word))
        return leave_out(columns.no_number(column));
      ++column;
    }
    out(key(), {reinterpret_cast<const char*>(state.data()), state.size() * sizeof state[0]});
  }

  /// Makes a field the state of `number`. False where it is none.
  [[gnu::always_inline]] static bool put(const Number& number, std::string_view field,
                                         std::uint64_t* words) {
    if (const auto whole = mrun::parse_short(field); whole && number.is_added()) {
      store(words, mrun::DecimalSum::of(*whole));
      return true;
    }
    return put_any(number, field, words);
  }
  [[gnu::noinline]] static bool put_any(const Number& number, std::string_view field,
                                        std::uint64_t* words) {
    const auto value = mrun::parse_decimal(field);
    if (!value) return false;
    number.is_added() ? store(words, mrun::DecimalSum::of(*value)) : store(words, value->packed());
    return true;
  }

  /// Of the row that was split.
  std::string_view key() {
    if (by.size() == 1) return columns[0];
    group.begin();
    for (std::size_t i = 0; i < by.size(); ++i) group.add(columns[i], i + 1 == by.size());
    return group.bytes();
  }

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
    if (!number.is_added()) return load_number(at);
    const auto total = load_sum(at).value(state[0]);
    if (!total) mrun::fail("the sum of field '" + number.field + "' may need more than 38 digits");
    return number.kind == Kind::mean ? mrun::decimal_mean(*total, state[0]) : *total;
  }

  // Word by word, here and in `fold`: numbers that have just been written as words of 64 bits or
  // less and are read as vectors make the processor wait.
  static void store(std::uint64_t* words, const mrun::DecimalSum& sum) {
    words[0] = sum.low;
    words[1] = sum.high;
    words[2] = sum.scale | std::uint64_t{static_cast<std::uint32_t>(sum.largest)} << 32;
  }
  static void store(std::uint64_t* words, const mrun::Decimal::Packed& number) {
    words[0] = number.low;
    words[1] = number.high;
  }
  static mrun::DecimalSum load_sum(const std::uint64_t* words) {
    return {words[0], words[1], static_cast<std::uint32_t>(words[2]),
            static_cast<std::int32_t>(words[2] >> 32)};
  }
  static mrun::Decimal load_number(const std::uint64_t* words) {
    return mrun::Decimal::of({words[0], words[1]});
  }

  GroupKey group;
  // What reduce writes, and the bytes of its numbers.
  std::vector<std::string_view> texts;
  std::vector<std::array<char, mrun::Decimal::kTextBytes>> buffers{numbers.size()};
};

MRUN_JOB(Sum)
