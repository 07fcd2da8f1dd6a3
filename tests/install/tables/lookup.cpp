// How often words occur: lookup COUNTS WORD...
#include <cstdint>
#include <cstring>
#include <iostream>
#include <mrun/table.hpp>

int main(int argc, char** argv) try {
  if (argc < 2) return 2;
  const mrun::table::Output counts(argv[1]);
  for (int i = 2; i < argc; ++i)
    for (const std::string& value : counts.values(argv[i])) {
      std::uint64_t count = 0;
      std::memcpy(&count, value.data(), sizeof count);
      std::cout << argv[i] << '\t' << count << '\n';
    }
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
