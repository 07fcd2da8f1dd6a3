// A small finished output, as several tests need it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "output/committer.hpp"

namespace mrun {

/// Writes one part file through the committer, as a job would.
inline Result<PartInfo> write_part(Storage& storage, const Committer& committer,
                                   const std::string& side_output, std::uint32_t partition,
                                   const std::string& bytes) {
  MRUN_TRY_ASSIGN(PartFile part, PartFile::create(storage, committer.out_folder(), side_output,
                                                  partition, committer.sync(), {}));
  MRUN_TRY(part.append(std::as_bytes(std::span(bytes))));
  part.count_records(1);
  return part.finish();
}

/// A manifest with something in every member.
inline Manifest sample_manifest() {
  Manifest manifest;
  manifest.mrun_version = "0.1.0";
  manifest.job_name = "sample";
  manifest.job_version = "7";
  manifest.params = {{"word", "a \"b\""}, {"word", "\xFF"}};
  manifest.inputs = {{"in/", 3, 1234}, {"-", 1, 0}};
  manifest.counters = {{"bad_lines", -3}, {"good_lines", 17}};
  manifest.input_records = 20;
  manifest.emitted_pairs = 40;
  manifest.groups = 9;
  return manifest;
}

/// The whole way of an output: two parts of the main output, one of a side output, commit.
inline Result<std::string> make_output(Storage& storage, const OutputRequest& request,
                                       const std::string& first_part = "alpha\t1\n") {
  MRUN_TRY_ASSIGN(Committer committer, Committer::prepare(storage, request));
  Manifest manifest = sample_manifest();
  MRUN_TRY_ASSIGN(PartInfo first, write_part(storage, committer, "", 0, first_part));
  MRUN_TRY_ASSIGN(PartInfo second, write_part(storage, committer, "", 1, "beta\t2\n"));
  MRUN_TRY_ASSIGN(PartInfo side, write_part(storage, committer, "hot", 0, "gamma\n"));
  manifest.parts = {first, second, side};
  return committer.commit(manifest, "{}\n");
}

}  // namespace mrun
