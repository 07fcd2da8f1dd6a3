// Jobs whose outputs are asked for keys and merged, and what a naive reader knows of their records.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {

/// How the keys of a job order.
enum class KeyKind : std::uint8_t { bytes, unsigned_number, signed_number, real, word_and_file };

struct QueryJob {
  std::string name;
  std::string path;
  KeyKind keys = KeyKind::bytes;
  bool line_is_key = false;   ///< The record is the key, TABs and all.
  bool can_be_merged = true;  ///< Else its outputs are refused.
  std::uint64_t vocabulary = 300;
  std::vector<std::string> params = {};
};

inline std::vector<QueryJob> query_jobs() {
  return {
      {"wordcount", shipped_job("wordcount")},
      {"sort", shipped_job("sort"), KeyKind::bytes, true},
      {"sort_few", shipped_job("sort"), KeyKind::bytes, true, true, 2},
      {"distinct", shipped_job("distinct"), KeyKind::bytes, true},
      {"index", shipped_job("index"), KeyKind::word_and_file},
      {"index_lines",
       shipped_job("index"),
       KeyKind::word_and_file,
       false,
       true,
       300,
       {"-D", "lines"}},
      {"words_in_files", test_job("words_in_files"), KeyKind::word_and_file},
      {"file_names", test_job("file_names")},
      {"unique_values", test_job("unique_values"), KeyKind::bytes, false, true, 5},
      {"unsigned_keys", test_job("unsigned_keys"), KeyKind::unsigned_number},
      {"signed_keys", test_job("signed_keys"), KeyKind::signed_number},
      {"real_keys", test_job("real_keys"), KeyKind::real},
      {"count_in_order", test_job("count_in_order")},
      {"concatenate", test_job("concatenate"), KeyKind::bytes, false, false},
  };
}

/// The key of a record, as text.
inline std::string key_text(const QueryJob& job, const std::string& record) {
  if (job.line_is_key) return record;
  std::size_t end = record.find('\t');
  if (job.keys == KeyKind::word_and_file && end != std::string::npos)
    end = record.find('\t', end + 1);
  return record.substr(0, end);
}

/// Text that orders by bytes as keys of the kind do. Leading fields order before all keys with
/// them.
inline std::string order_of(KeyKind kind, const std::string& key) {
  char text[64];
  switch (kind) {
    case KeyKind::bytes:
      return key;
    case KeyKind::unsigned_number: {
      std::snprintf(text, sizeof text, "%020llu",
                    static_cast<unsigned long long>(std::stoull(key)));
      return text;
    }
    case KeyKind::signed_number: {
      const auto moved = static_cast<std::uint64_t>(std::stoll(key)) ^ (std::uint64_t{1} << 63);
      std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(moved));
      return text;
    }
    case KeyKind::real: {
      const double number = std::strtod(key.c_str(), nullptr);
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      const std::uint64_t sign = std::uint64_t{1} << 63;
      if (number == 0) bits = 0;
      bits = (bits & sign) != 0 ? ~bits : bits | sign;
      std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(bits));
      return text;
    }
    case KeyKind::word_and_file: {
      // The files' names order as their ordinals; a word ends before any byte that goes on.
      std::string order = key;
      const std::size_t tab = order.find('\t');
      if (tab == std::string::npos) return order + '\0';
      order[tab] = '\0';
      return order;
    }
  }
  return key;
}

}  // namespace mrun::test_support
