// The newest reading of each station: lines "station TAB day TAB reading".
//
// A secondary sort: the key is (station, day descending), and groups go by the station alone, so
// that reduce sees a station's newest row first.
#include <mrun/mrun.hpp>

struct Newest {
  using Key = std::tuple<std::string_view, mrun::Desc<std::int64_t>>;
  static constexpr int group_fields = 1;
  static constexpr bool independent_groups = true;

  void map(std::string_view line, mrun::Emit<Key, std::string_view>& out) {
    const auto [station, rest] = mrun::split2(line);
    const auto [day, reading] = mrun::split2(rest);
    const auto number = mrun::parse<std::int64_t>(day);
    if (!number) mrun::bad_record("the second field is not a day's number");
    out({station, {*number}}, reading);
  }
  void reduce(const Key& key, mrun::Values<std::string_view>& readings, mrun::Out& out) {
    out(key, *readings.begin());
  }
};
MRUN_JOB(Newest)
