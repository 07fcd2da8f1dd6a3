// Goal: a line says what is known and never more, within the terminal; JSON events are JSON.
#include "cli/progress_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/json_events.hpp"

namespace mrun {
namespace {

TEST(ProgressText, SaysWhatIsKnown) {
  ProgressState state;
  state.phase = "plan";
  EXPECT_EQ(progress_text(state, 80), "mrun: plan");
  state.phase = "map";
  state.total = 1000;
  state.done = 250;
  EXPECT_EQ(progress_text(state, 80), "mrun: map 25% (250 B of 1000 B)");
  state.seconds = 10;
  state.memory_bytes = 1 << 20;
  EXPECT_EQ(progress_text(state, 80),
            "mrun: map 25% (250 B of 1000 B), 25 B/s, 30 s left, memory 1 MiB");
  state.spilled_bytes = 4096;
  EXPECT_EQ(progress_text(state, 0),
            "mrun: map 25% (250 B of 1000 B), 25 B/s, 30 s left, memory 1 MiB, spilled 4 KiB");
  state = {"reduce", 1, 4, 0, 0, 3000};
  EXPECT_EQ(progress_text(state, 80), "mrun: reduce 25%, 2:30 h left");
  state = {"reduce", 4, 4, 0, 0, 61};
  EXPECT_EQ(progress_text(state, 80), "mrun: reduce 100%");
}

TEST(ProgressText, StaysWithinTheTerminal) {
  const ProgressState state{"map", 1 << 20, 1 << 30, 1 << 20, 1 << 20, 100};
  for (unsigned columns = 1; columns < 120; ++columns)
    EXPECT_LT(progress_text(state, columns).size(), columns);
}

TEST(ProgressMode, FollowsTheTerminalUnlessItIsChosen) {
  Console console;
  EXPECT_EQ(*parse_progress_mode("--progress", "auto", console), ProgressMode::plain);
  console.err_is_live = true;
  EXPECT_EQ(*parse_progress_mode("--progress", "auto", console), ProgressMode::live);
  EXPECT_EQ(*parse_progress_mode("--progress", "none", console), ProgressMode::none);
  EXPECT_EQ(*parse_progress_mode("--progress", "plain", console), ProgressMode::plain);
  EXPECT_EQ(*parse_progress_mode("--progress", "tty", Console{}), ProgressMode::live);
  EXPECT_EQ(parse_progress_mode("--progress", "fast", console).error().code, Code::usage);
}

TEST(JsonEvents, AreOneObjectALine) {
  const auto parse = [](const std::string& text) {
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    return nlohmann::json::parse(text);
  };
  const auto progress = parse(progress_event({"map", 1, 2, 3, 4, 0.5}));
  EXPECT_EQ(progress["event"], "progress");
  EXPECT_EQ(progress["done"], 1);
  EXPECT_EQ(progress["memory_bytes"], 4);
  RunInfo info;
  info.counters.push_back({"odd \"name\"", -7});
  info.phases.push_back({"map", 1.5, 2, 0, 99});
  info.input_records = 5;
  RunOptions options;
  options.output = "out\n\xFF";
  const auto end = parse(end_event(info, options, "job"));
  EXPECT_EQ(end["event"], "end");
  EXPECT_EQ(end["counters"]["odd \"name\""], -7);
  EXPECT_EQ(end["input"]["records"], 5);
  EXPECT_EQ(end["peak_memory_bytes"], 99);
  EXPECT_EQ(end["output"]["hex"], "6f75740aff");
  const auto log = parse(log_event("note", "a \"b\"\n"));
  EXPECT_EQ(log["event"], "log");
  EXPECT_EQ(log["level"], "note");
  EXPECT_EQ(log["text"], "a \"b\"\n");
  const auto error = parse(error_event({Code::input, "no\tfile", "look", "here"}, 4));
  EXPECT_EQ(error["status"], 4);
  EXPECT_EQ(error["message"], "no\tfile");
  EXPECT_EQ(error["place"], "here");
}

}  // namespace
}  // namespace mrun
