// Goal: whatever bytes a file holds, the check says what it is and never reads outside of them.
// Method: a real library, damaged in every way its headers allow, in a heap block of its exact
// size, so that a sanitizer sees the first byte read beyond.
#include "plugin/elf_check.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace mrun {
namespace {

using Bytes = std::vector<std::byte>;

Bytes plain_library() {
  std::ifstream file(MRUN_HOSTILE_FOLDER "/plain.so", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

/// What the check says: empty where it accepts.
std::string verdict(const Bytes& bytes) {
  const Result<void> checked = check_job_elf(bytes, "job.so");
  if (checked) return {};
  EXPECT_EQ(checked.error().code, Code::plugin);
  EXPECT_NE(checked.error().message.find("job.so"), std::string::npos);
  return checked.error().message;
}

template <typename T>
T& at(Bytes& bytes, std::size_t offset) {
  return *reinterpret_cast<T*>(bytes.data() + offset);
}
Elf64_Ehdr& header(Bytes& bytes) { return at<Elf64_Ehdr>(bytes, 0); }

/// Bytes of the file that loading needs.
std::size_t loaded_end(Bytes& bytes) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < header(bytes).e_phnum; ++i) {
    const auto& segment = at<Elf64_Phdr>(bytes, header(bytes).e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type == PT_LOAD) end = std::max(end, segment.p_offset + segment.p_filesz);
  }
  return end;
}

TEST(ElfCheck, AcceptsALibraryOfThisMachine) { EXPECT_EQ(verdict(plain_library()), ""); }

TEST(ElfCheck, SaysWhatAForeignFileIs) {
  const auto says = [](const char* words, auto change) {
    Bytes bytes = plain_library();
    change(bytes);
    EXPECT_NE(verdict(bytes).find(words), std::string::npos) << words << " in " << verdict(bytes);
  };
  says("not an ELF file", [](Bytes& bytes) { bytes.clear(); });
  says("not an ELF file", [](Bytes& bytes) { bytes[0] = std::byte{'#'}; });
  says("32-bit", [](Bytes& bytes) { bytes[EI_CLASS] = std::byte{ELFCLASS32}; });
  says("byte order", [](Bytes& bytes) { bytes[EI_DATA] = std::byte{ELFDATA2MSB}; });
  const std::uint16_t other =
      header(*std::make_unique<Bytes>(plain_library())).e_machine == EM_AARCH64 ? EM_X86_64
                                                                                : EM_AARCH64;
  says(other == EM_AARCH64 ? "built for aarch64" : "built for x86-64",
       [&](Bytes& bytes) { header(bytes).e_machine = other; });
  says("machine number 12345", [](Bytes& bytes) { header(bytes).e_machine = 12345; });
  says("executable", [](Bytes& bytes) { header(bytes).e_type = ET_EXEC; });
  says("object file", [](Bytes& bytes) { header(bytes).e_type = ET_REL; });
  says("core dump", [](Bytes& bytes) { header(bytes).e_type = ET_CORE; });
  says("damaged", [](Bytes& bytes) { header(bytes).e_phoff = ~std::uint64_t{0} - 8; });
  says("no dynamic segment", [](Bytes& bytes) { header(bytes).e_phnum = 0; });
}

TEST(ElfCheck, SaysWhichEntryALibraryHasInstead) {
  const auto rename = [](const char* to) {
    Bytes bytes = plain_library();
    std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (std::size_t i = text.find("mrun_plugin_v1"); i != std::string::npos;
         i = text.find("mrun_plugin_v1", i + 1))
      std::memcpy(bytes.data() + i, to, std::strlen(to));
    return verdict(bytes);
  };
  EXPECT_NE(rename("mrun_plugin_v7").find("defines mrun_plugin_v7 but not mrun_plugin_v1"),
            std::string::npos);
  EXPECT_NE(rename("another_symbol").find("does not define mrun_plugin_v1"), std::string::npos);
}

TEST(ElfCheck, RefusesALibraryThatIsCutWhereItIsLoaded) {
  Bytes whole = plain_library();
  const std::size_t end = loaded_end(whole);
  ASSERT_GT(end, sizeof(Elf64_Ehdr));
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    cut.shrink_to_fit();
    const std::string said = verdict(cut);
    if (size < end) {
      ASSERT_FALSE(said.empty()) << size;
    } else {
      ASSERT_EQ(said, "") << size << ": only names of sections are missing";
    }
  }
}

TEST(ElfCheck, SurvivesEveryFlippedBit) {
  Bytes bytes = plain_library();
  // All headers, symbols and strings lie below; code follows.
  const std::size_t size = std::min<std::size_t>(bytes.size(), 16 * 1024);
  for (std::size_t i = 0; i < size; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      bytes[i] ^= std::byte{1} << bit;
      static_cast<void>(verdict(bytes));
      bytes[i] ^= std::byte{1} << bit;
    }
  }
}

TEST(ElfCheck, SurvivesRandomHeaders) {
  constexpr unsigned kSeed = 20260131;
  std::mt19937_64 random(kSeed);
  const Bytes whole = plain_library();
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(whole.begin(), whole.begin() + 4096);
    const unsigned changes = 1 + random() % 8;
    for (unsigned i = 0; i < changes; ++i)
      at<std::uint32_t>(bytes, 4 * (4 + random() % 1000)) = static_cast<std::uint32_t>(random());
    static_cast<void>(verdict(bytes));
  }
}

}  // namespace
}  // namespace mrun
