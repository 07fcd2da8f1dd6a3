// Goal: a library that cannot be used is refused with its reason, and nothing of it lingers as an
// error.
#include "plugin/plugin_loader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mrun {
namespace {

Result<Plugin> load(const std::string& name) {
  return Plugin::load(MRUN_HOSTILE_FOLDER "/" + name, nullptr);
}

void expect_refusal(const std::string& name, const char* words) {
  const Result<Plugin> loaded = load(name);
  ASSERT_FALSE(loaded) << name;
  EXPECT_EQ(loaded.error().code, Code::plugin);
  EXPECT_NE(loaded.error().message.find(words), std::string::npos) << loaded.error().message;
  EXPECT_NE(loaded.error().message.find(name), std::string::npos) << loaded.error().message;
}

TEST(PluginLoader, LoadsAJob) {
  const Result<Plugin> loaded = load("plain.so");
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->job_count(), 1u);
  EXPECT_EQ(loaded->spec(0).name, "plain");
  EXPECT_EQ(loaded->spec(0).version, "1");
  EXPECT_TRUE(loaded->spec(0).map_only);
}

TEST(PluginLoader, LoadsTheSameLibraryTwice) {
  EXPECT_TRUE(load("plain.so"));
  EXPECT_TRUE(load("plain.so"));
}

TEST(PluginLoader, RefusesLibrariesThatDoWrong) {
  expect_refusal("returns_null.so", "cannot run here");
  expect_refusal("throws.so", "thrown by the entry");
  expect_refusal("too_new.so", "needs a newer mrun");
  expect_refusal("without_jobs.so", "no job");
  expect_refusal("missing.so", "missing.so");
}

TEST(PluginLoader, RefusesAFolder) {
  const Result<Plugin> loaded = Plugin::load(MRUN_HOSTILE_FOLDER, nullptr);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::plugin);
}

}  // namespace
}  // namespace mrun
