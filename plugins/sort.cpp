// sort: the input's records in byte order, equal ones as often as they occur. As `LC_ALL=C sort`.
#include <mrun/mrun.hpp>

struct Sort {
  static constexpr auto name = "sort";
  static constexpr auto help =
      "sorts records by their bytes; the parts in order are one sorted sequence";
  static constexpr bool total_order = true;
  static constexpr auto output = mrun::Output::key;

  void map(std::string_view record, mrun::Emit<std::string_view, mrun::None>& out) { out(record); }
};

MRUN_JOB(Sort)
