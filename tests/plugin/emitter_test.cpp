// Goal: sound entries arrive as they were emitted, and no broken one reaches the sink. Method: a
// job that fills its emitter by hand.
#include "plugin/emitter.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "test_job.hpp"

namespace mrun::plugin_test {
namespace {

using Fill = std::function<void(mrun_emitter&, const mrun_batch&)>;

/// Runs a map whose emitter `fill` fills, over the text "key value".
Result<void> map_with(const Fill& fill,
                      std::vector<std::pair<std::string, std::string>>* pairs = nullptr,
                      const std::function<void(mrun_job&)>& change = {}, bool owned = true) {
  TestJob test({.map = [&](mrun_worker_ctx* context, const mrun_batch* batch) -> mrun_status {
    fill(*context->emit, *batch);
    return MRUN_OK;
  }});
  if (change) change(test.job);
  Result<void> result = test.map_lines("key value of some length\n", owned);
  if (pairs != nullptr) *pairs = test.entries.pairs;
  return result;
}

std::uint64_t big_endian(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i)
    number = number << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return number;
}
mrun_entry entry(std::string_view key, std::uint32_t vlen, std::uint32_t kind, std::uint64_t v) {
  return {big_endian(key), big_endian(key.size() > 8 ? key.substr(8) : ""),
          static_cast<std::uint32_t>(key.size()), vlen | kind << 28, v};
}
std::uint64_t address(const std::uint8_t* at) { return reinterpret_cast<std::uintptr_t>(at); }

TEST(Emitter, EveryKindArrivesAsItWasEmitted) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const Result<void> mapped = map_with(
      [](mrun_emitter& emit, const mrun_batch& batch) {
        EXPECT_EQ(emit.kinds, 15u);
        std::uint64_t one = 0;
        std::memcpy(&one, "one", 3);
        emit.entries[emit.n++] = entry("inline", 3, MRUN_E_INLINE, one);
        std::memcpy(emit.heap, "a long valuetail", 16);
        emit.entries[emit.n++] = entry("0123456789abcdef", 12, MRUN_E_HEAP, 0);
        emit.entries[emit.n - 1].klen = 20;
        emit.heap_used = 16;
        emit.entries[emit.n++] = entry("ref", 5, MRUN_E_REF, address(batch.chunk.data + 4));
        emit.entries[emit.n++] = entry("key", 5, MRUN_E_REFKEY,
                                       address(batch.chunk.data + 4) | std::uint64_t{0xFFFC} << 48);
        emit.entries[emit.n++] = entry("key", 0, MRUN_E_REFKEY, address(batch.chunk.data));
      },
      &pairs);
  ASSERT_TRUE(mapped) << mapped.error().message;
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"inline", "one"},
      {"0123456789abcdeftail", "a long value"},
      {"ref", "value"},
      {"key", "value"},
      {"key", ""}};
  EXPECT_EQ(pairs, expected);
}

TEST(Emitter, ReferencesAreOfferedOnlyWhereBytesStay) {
  const auto fill = [](mrun_emitter& emit, const mrun_batch&) {
    EXPECT_EQ(emit.ref_size, 0u);
    EXPECT_EQ(emit.kinds, 3u);
  };
  EXPECT_TRUE(map_with(fill, nullptr, {}, false));
}

TEST(Emitter, FlushKeepsTheOrderAroundBigPairs) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const std::string big(300'000, 'b');
  ASSERT_TRUE(map_with(
      [&](mrun_emitter& emit, const mrun_batch&) {
        emit.entries[emit.n++] = entry("a", 0, MRUN_E_INLINE, 0);
        const mrun_slice slice{reinterpret_cast<const std::uint8_t*>(big.data()), big.size()};
        EXPECT_EQ(emit.emit_big(&emit, slice, slice), MRUN_OK);
        EXPECT_EQ(emit.n, 0u);
        for (std::uint32_t i = 0; i < emit.cap; ++i)
          emit.entries[emit.n++] = entry("c", 0, MRUN_E_INLINE, 0);
        EXPECT_EQ(emit.flush(&emit), MRUN_OK);
        emit.entries[emit.n++] = entry("d", 0, MRUN_E_INLINE, 0);
      },
      &pairs));
  ASSERT_EQ(pairs.size(), 2u + Emitter::kEntries + 1);
  EXPECT_EQ(pairs[0].first, "a");
  EXPECT_EQ(pairs[1].second, big);
  EXPECT_EQ(pairs.back().first, "d");
}

TEST(Emitter, WhatIsEmittedInOpenArrives) {
  TestJob test({.open = [](mrun_worker_ctx* context) -> mrun_status {
    context->emit->entries[context->emit->n++] = entry("early", 0, MRUN_E_INLINE, 0);
    return MRUN_OK;
  }});
  ASSERT_TRUE(test.map_lines("a line\n"));
  ASSERT_EQ(test.entries.pairs.size(), 1u);
  EXPECT_EQ(test.entries.pairs[0].first, "early");
}

TEST(Emitter, APairThatIsTooLargeIsNamedWithItsRecord) {
  const std::string big(300'000, 'b');
  TestJob test({.map = [&](mrun_worker_ctx* context, const mrun_batch* batch) -> mrun_status {
    *context->at = batch->chunk.data;
    const mrun_slice slice{reinterpret_cast<const std::uint8_t*>(big.data()), big.size()};
    return context->emit->emit_big(context->emit, slice, slice);
  }});
  test.entries.error = Error{Code::limit, "the pair is too large", "emit less"};
  const Result<void> mapped = test.map_lines("key value of some length\n");
  ASSERT_FALSE(mapped);
  EXPECT_EQ(mapped.error().code, Code::limit);
  EXPECT_EQ(mapped.error().hint, "emit less");
  EXPECT_EQ(mapped.error().message, "the pair is too large");
  EXPECT_EQ(mapped.error().place,
            "file 'in/a.txt', offset 1000, record \"key value of some length\" (map task 17)");
}

TEST(Emitter, MemoryThatAJobHoldsIsAskedForAndMayBeRefused) {
  std::uint64_t asked = 0;
  TestJob test({.map = [&](mrun_worker_ctx* context, const mrun_batch* batch) -> mrun_status {
    *context->at = batch->chunk.data;
    return context->emit->hold(context->emit, asked);
  }});
  asked = 1 << 20;
  ASSERT_TRUE(test.map_lines("a line\n"));
  EXPECT_EQ(test.entries.held_bytes, asked);
  asked = std::uint64_t{9} << 30;  // No key is that long, whatever the memory.
  ASSERT_FALSE(test.map_lines("a line\n"));
  EXPECT_EQ(test.entries.held_bytes, 1u << 20);
  asked = 2 << 20;
  test.entries.error = Error{Code::limit, "no room", "give more"};
  const Result<void> mapped = test.map_lines("a line\n");
  ASSERT_FALSE(mapped);
  EXPECT_EQ(mapped.error().message, "no room");
  EXPECT_NE(mapped.error().place.find("record \"a line\" (map task "), std::string::npos)
      << mapped.error().place;
}

TEST(Emitter, BrokenEntriesNeverReachTheSink) {
  struct Case {
    const char* name;
    std::function<mrun_entry(const mrun_batch&)> make;
  };
  const std::vector<Case> cases = {
      {"inline value too long", [](auto&) { return entry("k", 9, MRUN_E_INLINE, 0); }},
      {"inline key too long",
       [](auto&) {
         mrun_entry e = entry("k", 0, MRUN_E_INLINE, 0);
         e.klen = 17;
         return e;
       }},
      {"reserved bits of klen",
       [](auto&) {
         mrun_entry e = entry("k", 0, MRUN_E_INLINE, 0);
         e.klen |= 1u << 28;
         return e;
       }},
      {"padding of k0",
       [](auto&) {
         mrun_entry e = entry("k", 0, MRUN_E_INLINE, 0);
         e.k0 |= 1;
         return e;
       }},
      {"padding of k1",
       [](auto&) {
         mrun_entry e = entry("12345678", 0, MRUN_E_INLINE, 0);
         e.k1 = 1;
         return e;
       }},
      {"unknown kind", [](auto&) { return entry("k", 0, 4, 0); }},
      {"heap beyond its use", [](auto&) { return entry("k", 17, MRUN_E_HEAP, 0); }},
      {"heap offset beyond", [](auto&) { return entry("k", 1, MRUN_E_HEAP, 24); }},
      {"heap offset near 2^64",
       [](auto&) { return entry("k", 16, MRUN_E_HEAP, ~std::uint64_t{7}); }},
      {"heap offset not aligned", [](auto&) { return entry("k", 1, MRUN_E_HEAP, 4); }},
      {"heap key beyond its use",
       [](auto&) {
         mrun_entry e = entry("0123456789abcdef", 8, MRUN_E_HEAP, 0);
         e.klen = 25;
         return e;
       }},
      {"reference before the bytes",
       [](auto& batch) { return entry("k", 5, MRUN_E_REF, address(batch.chunk.data - 1)); }},
      {"reference past the bytes",
       [](auto& batch) {
         return entry("k", 2, MRUN_E_REF, address(batch.chunk.data + batch.chunk.size - 1));
       }},
      {"reference to nothing", [](auto&) { return entry("k", 5, MRUN_E_REF, 0); }},
      {"reference with a long key",
       [](auto& batch) {
         mrun_entry e = entry("0123456789abcdef", 1, MRUN_E_REF, address(batch.chunk.data));
         e.klen = 17;
         return e;
       }},
      {"key reference before the bytes",
       [](auto& batch) {
         return entry("key", 5, MRUN_E_REFKEY,
                      address(batch.chunk.data) | std::uint64_t{0xFFFF} << 48);
       }},
      {"key reference without value at a distance",
       [](auto& batch) {
         return entry("key", 0, MRUN_E_REFKEY, address(batch.chunk.data) | std::uint64_t{1} << 48);
       }},
  };
  for (const Case& one : cases) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const Result<void> mapped = map_with(
        [&](mrun_emitter& emit, const mrun_batch& batch) {
          emit.heap_used = 16;
          emit.entries[emit.n++] = one.make(batch);
        },
        &pairs);
    SCOPED_TRACE(one.name);
    expect_failure(mapped, Code::plugin, {"broke the plugin contract", "map task 17"});
    EXPECT_TRUE(pairs.empty());
  }
}

// Goal: the same where values have one size, for which entries are judged many at a time. Method:
// one broken entry in the middle of sound ones of both kinds.
TEST(Emitter, BrokenStatesNeverReachTheSink) {
  static const std::uint8_t kLanes[] = {MRUN_LANE_SUM_U64, MRUN_LANE_SUM_U64};
  const auto broken_in = [](std::uint32_t state, const std::function<void(mrun_entry&)>& damage) {
    const auto fill = [&](mrun_emitter& emit, const mrun_batch&) {
      for (std::uint64_t i = 0; i < 20; ++i) {
        const bool is_long = i % 3 == 0;
        const std::uint32_t kind = is_long || state > 8 ? MRUN_E_HEAP : MRUN_E_INLINE;
        mrun_entry& made = emit.entries[emit.n++];
        made = entry(is_long ? "0123456789abcdef" : "short", state, kind, emit.heap_used);
        if (is_long) made.klen = 22;
        if (kind == MRUN_E_HEAP) emit.heap_used += (state + (is_long ? 6 : 0) + 7) / 8 * 8;
      }
      damage(emit.entries[9]);
    };
    const auto combines = [&](mrun_job& job) {
      job.value_type = MRUN_T_BYTES;
      job.combine = MRUN_C_LANES;
      job.state_size = state;
      job.lane_ops = kLanes;
    };
    std::vector<std::pair<std::string, std::string>> pairs;
    const Result<void> mapped = map_with(fill, &pairs, combines);
    if (mapped) return pairs.size() == 20 ? std::string("sound") : std::string("lost");
    EXPECT_EQ(mapped.error().code, Code::plugin) << mapped.error().message;
    return pairs.empty() ? std::string("broken") : std::string("arrived");
  };
  for (const std::uint32_t state : {8u, 16u}) {
    SCOPED_TRACE(state);
    EXPECT_EQ("sound", broken_in(state, [](mrun_entry&) {}));
    EXPECT_EQ("broken", broken_in(state, [](mrun_entry& e) { e.klen |= 1u << 28; }));
    EXPECT_EQ("broken", broken_in(state, [](mrun_entry& e) { e.vlen -= 1; }));
    EXPECT_EQ("broken", broken_in(state, [](mrun_entry& e) { e.v |= 4; }));
    EXPECT_EQ("broken", broken_in(state, [](mrun_entry& e) { e.v = ~std::uint64_t{7}; }));
    EXPECT_EQ("broken", broken_in(state, [](mrun_entry& e) { e.klen = 4000; }));
    EXPECT_EQ("broken", broken_in(state, [](mrun_entry& e) { e.klen = 10; }));  // Not padded.
    EXPECT_EQ("broken", broken_in(state, [state](mrun_entry& e) {
                e.vlen = state | std::uint32_t{MRUN_E_INLINE} << 28;
              }));
    EXPECT_EQ("broken", broken_in(state, [state](mrun_entry& e) { e.vlen = state | 4u << 28; }));
    EXPECT_EQ("broken", broken_in(state, [state](mrun_entry& e) {
                e = entry("", state, state == 16 ? MRUN_E_INLINE : MRUN_E_REF, 0);
              }));
  }
}

TEST(Emitter, CountsBeyondTheBufferAreRefused) {
  const auto expect_broken = [](const Fill& fill) {
    expect_failure(map_with(fill), Code::plugin, {"past the end"});
  };
  expect_broken([](mrun_emitter& emit, const mrun_batch&) { emit.n = emit.cap + 1; });
  expect_broken([](mrun_emitter& emit, const mrun_batch&) { emit.n = 0xFFFFFFFF; });
  expect_broken([](mrun_emitter& emit, const mrun_batch&) {
    emit.n = 1;
    emit.heap_used = emit.heap_cap + 8;
  });
}

TEST(Emitter, ReferencesAreRefusedWhereTheyWereNotOffered) {
  const auto fill = [](mrun_emitter& emit, const mrun_batch& batch) {
    emit.entries[emit.n++] = entry("k", 5, MRUN_E_REF, address(batch.chunk.data));
  };
  expect_failure(map_with(fill, nullptr, {}, false), Code::plugin, {"do not stay"});
}

TEST(Emitter, StatesOfAnotherSizeAreRefused) {
  static const std::uint8_t kLane = MRUN_LANE_SUM_U64;
  const auto combines = [](mrun_job& job) {
    job.value_type = MRUN_T_U64;
    job.combine = MRUN_C_LANES;
    job.state_size = 8;
    job.lane_ops = &kLane;
  };
  const auto emit_sized = [](std::uint32_t size) {
    return [size](mrun_emitter& emit, const mrun_batch&) {
      emit.entries[emit.n++] = entry("k", size, MRUN_E_INLINE, 1);
    };
  };
  EXPECT_TRUE(map_with(emit_sized(8), nullptr, combines));
  expect_failure(map_with(emit_sized(7), nullptr, combines), Code::plugin, {"another size"});
}

TEST(Emitter, OverwrittenFieldsAreRestoredByTheNextFlush) {
  std::vector<std::pair<std::string, std::string>> pairs;
  ASSERT_TRUE(map_with(
      [](mrun_emitter& emit, const mrun_batch&) {
        emit.cap = 0xFFFFFFFF;
        emit.entries = nullptr;
        emit.heap = nullptr;
        EXPECT_EQ(emit.flush(&emit), MRUN_OK);
        EXPECT_EQ(emit.cap, Emitter::kEntries);
        emit.entries[emit.n++] = entry("k", 0, MRUN_E_INLINE, 0);
      },
      &pairs));
  EXPECT_EQ(pairs.size(), 1u);
}

}  // namespace
}  // namespace mrun::plugin_test
