// Which folder of runner/ may include what, and which includes break that.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mrun {

/// The layers as CMake declares them: each folder with the folders it may include.
using DeclaredLayers = std::map<std::string, std::set<std::string>, std::less<>>;

/// Reads "name: used used" lines, as runner/CMakeLists.txt writes them.
DeclaredLayers parse_layers(std::string_view text);

/// One sentence for each use that does not point to a folder with a smaller number, or names no
/// known folder.
std::vector<std::string> wrong_uses(const DeclaredLayers& layers);

/// One sentence for each include in `text`, the content of runner/`path`, that the layers, or the
/// table of libraries that belong to one folder, do not allow.
std::vector<std::string> wrong_includes(const DeclaredLayers& layers, std::string_view path,
                                        std::string_view text);

}  // namespace mrun
