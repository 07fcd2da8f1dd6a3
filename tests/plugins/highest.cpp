// The k highest different (number, line) pairs: state kept over a split's records and over a
// partition's groups.
#include <mrun/mrun.hpp>
#include <set>

#include "test_jobs.hpp"

struct Highest {
  static constexpr int partitions = 1;
  mrun::Param<std::uint64_t> k{"k", "10", "how many"};
  using Key = std::tuple<mrun::Desc<std::int64_t>, std::string>;
  std::set<std::pair<std::int64_t, std::string>,
           bool (*)(const std::pair<std::int64_t, std::string>&,
                    const std::pair<std::int64_t, std::string>&)>
      best{[](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
      }};
  std::uint64_t written = 0;

  void map(std::string_view line, mrun::Emit<Key, mrun::None>&) {
    best.emplace(test_jobs::signed_of(line), line);
    if (best.size() > *k) best.erase(std::prev(best.end()));
  }
  void finish(mrun::Emit<Key, mrun::None>& out) {
    for (const auto& [number, line] : best) out(Key{{number}, line}, mrun::None{});
  }
  void reduce(const Key& key, mrun::Values<mrun::None>&, mrun::Out& out) {
    if (written++ < *k) out(std::get<1>(key), std::get<0>(key).value);
  }
};
MRUN_JOB(Highest)
