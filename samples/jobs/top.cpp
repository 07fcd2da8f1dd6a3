// The k largest counts: lines "word TAB count"; of equal counts the smaller word comes first.
//
// Each map task keeps its own k best in a member and emits them when its part of the input ends, so
// that hardly anything is sorted. One partition sees them all in order.
#include <mrun/mrun.hpp>
#include <set>

struct Top {
  using Key = std::tuple<mrun::Desc<std::int64_t>, std::string>;
  static constexpr int partitions = 1;
  mrun::Param<std::uint64_t> k{"k", "10", "how many"};

  void map(std::string_view line) {
    const auto [word, digits] = mrun::split2(line);
    const auto count = mrun::parse<std::int64_t>(digits);
    if (!count) mrun::bad_record("the second field is not a count");
    best.insert({*count, std::string(word)});
    if (best.size() > *k) best.erase(std::prev(best.end()));
  }
  void finish(mrun::Emit<Key, mrun::None>& out) {
    for (const auto& [count, word] : best) out({{count}, word});
  }
  void reduce(const Key& key, mrun::Values<mrun::None>& equal, mrun::Out& out) {
    const auto& [count, word] = key;
    for (auto at = equal.begin(); at != equal.end() && written < *k; ++at, ++written)
      out(word, count);
  }

 private:
  struct Better {
    bool operator()(const auto& a, const auto& b) const {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    }
  };
  std::multiset<std::pair<std::int64_t, std::string>, Better> best;
  std::uint64_t written = 0;
};
MRUN_JOB(Top)
