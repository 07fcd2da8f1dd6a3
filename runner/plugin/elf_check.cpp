// Reads the headers, the dynamic segment and its symbols; every offset is checked before it is
// used.
#include "plugin/elf_check.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace mrun {
namespace {

constexpr std::string_view kEntrySymbol = "mrun_plugin_v1";
constexpr std::string_view kEntryPrefix = "mrun_plugin_v";
constexpr char kBuildHere[] = "build it for this machine";

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t kMachine = EM_RISCV;
#else
#error "say here which ELF machine this is"
#endif
constexpr unsigned char kByteOrder =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "x86 (32-bit)";
    case EM_ARM:
      return "arm (32-bit)";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390";
    default:
      return fmt::format("machine number {}", machine);
  }
}

/// Bytes with an origin; every read says whether it lies inside.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  template <typename T>
  std::optional<T> read(std::uint64_t offset) const {
    if (!holds(offset, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  /// The NUL-terminated text at `offset`, which must end within `limit` bytes.
  std::optional<std::string_view> text(std::uint64_t offset, std::uint64_t limit) const {
    if (!holds(offset, limit)) return std::nullopt;
    const char* begin = reinterpret_cast<const char*>(bytes_.data() + offset);
    const void* end = std::memchr(begin, 0, limit);
    if (end == nullptr) return std::nullopt;
    return std::string_view(begin, static_cast<std::size_t>(static_cast<const char*>(end) - begin));
  }
  std::uint64_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

/// Where the dynamic segment says that symbols lie, as file offsets.
struct SymbolTable {
  std::uint64_t symbols = 0;
  std::uint64_t strings = 0;
  std::uint64_t strings_size = 0;
  std::uint64_t count = 0;
};

/// Judges one file. Each step leaves what the next one needs in the members.
class ElfCheck {
 public:
  ElfCheck(std::span<const std::byte> bytes, const std::string& name) : file_(bytes), name_(name) {}

  Result<void> run() {
    MRUN_TRY(check_ident());
    MRUN_TRY(check_header());
    MRUN_TRY(read_segments());
    MRUN_TRY(read_dynamic());
    return find_entry();
  }

 private:
  Failure refuse(const std::string& why, std::string hint = {}) const {
    return fail(Code::plugin, fmt::format("'{}' is no job for this mrun: {}", name_, why),
                std::move(hint));
  }
  Failure refuse_damaged(std::string_view what) const {
    return refuse(fmt::format("its {} cannot be read; the file is damaged or cut short", what),
                  "build or copy it again");
  }

  Result<void> check_ident() const {
    const auto magic = file_.read<std::uint32_t>(0);
    std::uint32_t elf_magic = 0;
    std::memcpy(&elf_magic, ELFMAG, SELFMAG);
    if (!magic || *magic != elf_magic)
      return refuse(
          "it is not an ELF file",
          "a job is a shared library: g++ -std=c++20 -O2 -fPIC -shared job.cpp -o job.so");
    const auto ident = file_.read<Elf64_Ehdr>(0);
    const auto wide = file_.read<unsigned char>(EI_CLASS);
    if (!wide) return refuse_damaged("header");
    if (*wide == ELFCLASS32) return refuse("it is built for a 32-bit machine", kBuildHere);
    if (!ident || *wide != ELFCLASS64) return refuse_damaged("header");
    if (ident->e_ident[EI_DATA] != kByteOrder)
      return refuse("it is built for a machine of the other byte order", kBuildHere);
    if (ident->e_ident[EI_VERSION] != EV_CURRENT) return refuse_damaged("header");
    return {};
  }

  Result<void> check_header() {
    header_ = *file_.read<Elf64_Ehdr>(0);
    if (header_.e_machine != kMachine)
      return refuse(fmt::format("it is built for {}, this is {}", machine_name(header_.e_machine),
                                machine_name(kMachine)),
                    kBuildHere);
    switch (header_.e_type) {
      case ET_DYN:
        break;
      case ET_EXEC:
        return refuse("it is an executable", "link it with -shared");
      case ET_REL:
        return refuse("it is an object file", "link it with -shared");
      case ET_CORE:
        return refuse("it is a core dump");
      default:
        return refuse_damaged("header");
    }
    if (header_.e_phentsize != sizeof(Elf64_Phdr) ||
        !file_.holds(header_.e_phoff, std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr)))
      return refuse_damaged("table of segments");
    return {};
  }

  Result<void> read_segments() {
    for (std::uint64_t i = 0; i < header_.e_phnum; ++i) {
      const Elf64_Phdr segment = *file_.read<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr));
      if (segment.p_type == PT_DYNAMIC) dynamic_ = segment;
      if (segment.p_type != PT_LOAD) continue;
      // A loaded page past the file's end would be SIGBUS, not an error of the loader.
      if (!file_.holds(segment.p_offset, segment.p_filesz))
        return refuse(fmt::format("it is cut short: it has {} bytes where its header needs {} from "
                                  "byte {} on",
                                  file_.size(), segment.p_filesz, segment.p_offset),
                      "build or copy it again");
      loaded_.push_back(segment);
    }
    if (!dynamic_) return refuse("it has no dynamic segment", "link it with -shared");
    return {};
  }

  Result<void> read_dynamic() {
    if (!file_.holds(dynamic_->p_offset, dynamic_->p_filesz))
      return refuse_damaged("dynamic segment");
    std::uint64_t symbols = 0, strings = 0, gnu_hash = 0, sysv_hash = 0;
    const std::uint64_t entries = dynamic_->p_filesz / sizeof(Elf64_Dyn);
    for (std::uint64_t i = 0; i < entries; ++i) {
      const auto entry = *file_.read<Elf64_Dyn>(dynamic_->p_offset + i * sizeof(Elf64_Dyn));
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_SYMTAB) symbols = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRTAB) strings = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) table_.strings_size = entry.d_un.d_val;
      if (entry.d_tag == DT_GNU_HASH) gnu_hash = entry.d_un.d_ptr;
      if (entry.d_tag == DT_HASH) sysv_hash = entry.d_un.d_ptr;
      if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0)
        return refuse("it is an executable", "link it with -shared");
    }
    const auto symbols_at = file_offset(symbols);
    const auto strings_at = file_offset(strings);
    const auto count = gnu_hash != 0 ? count_by_gnu_hash(gnu_hash) : count_by_sysv_hash(sysv_hash);
    if (!symbols_at || !strings_at || !count) return refuse_damaged("table of dynamic symbols");
    if (*count > file_.size() / sizeof(Elf64_Sym) ||
        !file_.holds(*symbols_at, *count * sizeof(Elf64_Sym)) ||
        !file_.holds(*strings_at, table_.strings_size))
      return refuse_damaged("table of dynamic symbols");
    table_.symbols = *symbols_at;
    table_.strings = *strings_at;
    table_.count = *count;
    return {};
  }

  Result<void> find_entry() const {
    std::string other;
    for (std::uint64_t i = 1; i < table_.count; ++i) {
      const auto symbol = *file_.read<Elf64_Sym>(table_.symbols + i * sizeof(Elf64_Sym));
      if (symbol.st_name >= table_.strings_size) return refuse_damaged("table of dynamic symbols");
      if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
      const auto name =
          file_.text(table_.strings + symbol.st_name, table_.strings_size - symbol.st_name);
      if (!name) return refuse_damaged("table of dynamic symbols");
      const unsigned type = ELF64_ST_TYPE(symbol.st_info);
      if (*name == kEntrySymbol && (type == STT_FUNC || type == STT_NOTYPE)) return {};
      if (name->starts_with(kEntryPrefix)) other = std::string(*name);
    }
    if (other == kEntrySymbol) return refuse("its mrun_plugin_v1 is data, not a function");
    if (!other.empty())
      return refuse(
          fmt::format("it defines {} but not {}", other, kEntrySymbol),
          "it was built for another version of mrun; build it against this one's headers");
    return refuse(fmt::format("it does not define {}", kEntrySymbol),
                  "a C++ job ends with MRUN_JOB(...); a C job exports mrun_plugin_v1");
  }

  /// Where the byte at `address` of the loaded image lies in the file.
  std::optional<std::uint64_t> file_offset(std::uint64_t address) const {
    if (address == 0) return std::nullopt;
    for (const Elf64_Phdr& segment : loaded_)
      if (address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz)
        return segment.p_offset + (address - segment.p_vaddr);
    return std::nullopt;
  }

  std::optional<std::uint64_t> count_by_sysv_hash(std::uint64_t address) const {
    const auto table = file_offset(address);
    if (!table) return std::nullopt;
    const auto chains = file_.read<std::uint32_t>(*table + 4);
    if (!chains) return std::nullopt;
    return *chains;
  }

  /// The GNU table does not hold the count: the highest bucket's chain ends with the last symbol.
  std::optional<std::uint64_t> count_by_gnu_hash(std::uint64_t address) const {
    const auto table = file_offset(address);
    if (!table) return std::nullopt;
    const auto buckets = file_.read<std::uint32_t>(*table);
    const auto first_symbol = file_.read<std::uint32_t>(*table + 4);
    const auto bloom_words = file_.read<std::uint32_t>(*table + 8);
    if (!buckets || !first_symbol || !bloom_words) return std::nullopt;
    const std::uint64_t buckets_at = *table + 16 + std::uint64_t{*bloom_words} * 8;
    if (!file_.holds(buckets_at, std::uint64_t{*buckets} * 4)) return std::nullopt;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < *buckets; ++i)
      last = std::max<std::uint64_t>(last, *file_.read<std::uint32_t>(buckets_at + i * 4));
    if (last < *first_symbol) return *first_symbol;
    const std::uint64_t chains_at = buckets_at + std::uint64_t{*buckets} * 4;
    while (true) {
      const auto hash = file_.read<std::uint32_t>(chains_at + (last - *first_symbol) * 4);
      if (!hash) return std::nullopt;
      ++last;
      if ((*hash & 1) != 0) return last;
    }
  }

  Bytes file_;
  const std::string& name_;
  Elf64_Ehdr header_{};
  std::optional<Elf64_Phdr> dynamic_;
  std::vector<Elf64_Phdr> loaded_;
  SymbolTable table_;
};

}  // namespace

Result<void> check_job_elf(std::span<const std::byte> bytes, const std::string& name) {
  return ElfCheck(bytes, name).run();
}

}  // namespace mrun
