// The layers of runner/ are acyclic, and no file includes what its layer does not declare.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "layers/include_rules.hpp"

namespace mrun {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

DeclaredLayers declared_layers() { return parse_layers(read_text(MRUN_LAYERS_FILE)); }

TEST(Layers, UseOnlyLayersBelowThem) { EXPECT_THAT(wrong_uses(declared_layers()), IsEmpty()); }

TEST(Layers, DeclareEveryInclude) {
  const std::filesystem::path runner = MRUN_RUNNER_FOLDER;
  const DeclaredLayers layers = declared_layers();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(runner)) {
    const std::string extension = entry.path().extension();
    if (extension != ".hpp" && extension != ".cpp") continue;
    ++files;
    const std::string path = entry.path().lexically_relative(runner);
    EXPECT_THAT(wrong_includes(layers, path, read_text(entry.path())), IsEmpty());
  }
  EXPECT_GT(files, 0U);
}

TEST(LayerRules, FindAUseThatPointsUpOrSideways) {
  EXPECT_THAT(wrong_uses(parse_layers("base:\nos: base\nmodel: base\ninput: base os model\n")),
              IsEmpty());
  EXPECT_THAT(wrong_uses(parse_layers("base: os\nos:\n")), SizeIs(1));
  EXPECT_THAT(wrong_uses(parse_layers("base:\nos: base model\nmodel:\n")), SizeIs(1));
  EXPECT_THAT(wrong_uses(parse_layers("base: nowhere\n")), SizeIs(1));
  EXPECT_THAT(wrong_uses(parse_layers("nowhere:\n")), SizeIs(1));
}

TEST(LayerRules, FindAnIncludeThatIsNotDeclared) {
  const DeclaredLayers layers = parse_layers("base:\nos: base\nmap: base\nshuffle: base os\n");
  const auto wrong = [&](std::string_view path, std::string_view text) {
    return wrong_includes(layers, path, text);
  };
  EXPECT_THAT(
      wrong("map/a.hpp", "#include \"base/b.hpp\"\n#include \"map/c.hpp\"\n#include <vector>\n"),
      IsEmpty());
  EXPECT_THAT(wrong("map/a.hpp", "#include \"os/b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(wrong("map/a.cpp", "  #  include \"shuffle/b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(wrong("map/a.cpp", "#include \"b.hpp\"\n"), SizeIs(1));
  EXPECT_THAT(wrong("new/a.cpp", "#include \"base/b.hpp\"\n"), SizeIs(1));
}

TEST(LayerRules, FindALibraryOutsideItsFolder) {
  const DeclaredLayers layers =
      parse_layers("base:\nos: base\nshuffle: base os\nengine: base os shuffle\n");
  const auto wrong = [&](std::string_view path, std::string_view text) {
    return wrong_includes(layers, path, text);
  };
  EXPECT_THAT(
      wrong("os/a.cpp", "#include <fcntl.h>\n#include <sys/mman.h>\n#include <fmt/core.h>\n"),
      IsEmpty());
  EXPECT_THAT(wrong("shuffle/a.cpp", "#include <fcntl.h>\n"), SizeIs(1));
  EXPECT_THAT(wrong("shuffle/a.cpp", "#include <sys/mman.h>\n"), SizeIs(1));
  EXPECT_THAT(wrong("shuffle/a.cpp", "#include <hwy/highway.h>\n"), IsEmpty());
  EXPECT_THAT(wrong("engine/a.cpp", "#include <hwy/highway.h>\n"), SizeIs(1));
  EXPECT_THAT(wrong("engine/a.cpp", "#include <tbb/task_arena.h>\n"), IsEmpty());
  EXPECT_THAT(wrong("shuffle/a.cpp", "#include <oneapi/tbb/task_arena.h>\n"), SizeIs(1));
  EXPECT_THAT(wrong("engine/a.cpp", "#include \"mrun/plugin.h\"\n"), SizeIs(1));
}

}  // namespace
}  // namespace mrun
