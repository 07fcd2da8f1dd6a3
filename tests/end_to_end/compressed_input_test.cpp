// Goal: compressed input gives what its text gives, found by its content, whatever the format, the
// records, the way in, the threads and the memory; and what is damaged is named (P21). Method: the
// formats' own programs compress random texts; each run is compared with one of the plain texts.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "input_fixture.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

using Texts = std::vector<std::string>;

/// Programs that turn their standard input into a compressed file. The last ones make rows of
/// streams.
const Texts& compressors() {
  static const Texts all{"gzip -c",
                         "bzip2 -c",
                         "xz -0 -c",
                         "zstd -q -c",
                         "lz4 -q -c",
                         "zstd -q -19 -c",
                         "lz4 -q -B4 -c",
                         "lz4 -q -l -c",
                         "split -b 30000 --filter='gzip -c'",
                         "split -b 30000 --filter='bzip2 -c'",
                         "split -b 30000 --filter='xz -0 -c'",
                         "split -b 30000 --filter='zstd -q -c'",
                         "split -b 30000 --filter='lz4 -q -c'",
                         "split -b 30000 --filter='lz4 -q -l -c'"};
  return all;
}

class CompressedInput : public InputClass {
 protected:
  void shell(const std::string& script) {
    const CommandResult result = run_command({"/bin/bash", "-c", "set -e; " + script}, here());
    ASSERT_TRUE(result.ok()) << script << result.err;
  }
  std::string printed(Texts arguments, CommandOptions options = {}) {
    options.folder = folder_.path();
    arguments.insert(arguments.end(), {"-", "-q"});
    const CommandResult result = run_mrun(arguments, options);
    EXPECT_TRUE(result.ok()) << describe(arguments, result);
    return result.out;
  }
};

TEST_F(CompressedInput, GivesWhatItsTextGives) {
  const std::uint64_t rounds = scaled(2);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Random random(case_seed(round));
    SCOPED_TRACE(case_seed(round));
    // Names without a suffix, for the content decides; of two sizes, for one is looked at early.
    write_file(folder_ / "plain/a", random_text(random, 200));
    write_file(folder_ / "plain/b", random_words(random, 400'000, 3000));
    for (const std::string format : {"lines", "nul", "whole", "fixed:1"}) {
      const Texts job{"sort", "--records", format, "-p", "1"};
      const auto with = [&](Texts more) {
        more.insert(more.begin(), job.begin(), job.end());
        return more;
      };
      const std::string wanted = printed(with({"plain"}));
      for (const std::string& compressor : compressors()) {
        remove_tree(folder_ / "packed");
        shell("mkdir packed; for f in a b; do " + compressor + " <plain/$f >packed/$f; done");
        const std::string threads = random.one_in(2) ? "-j1" : "-j8";
        const std::string memory = random.pick<std::string>({"64M", "1G"});
        const std::string split = random.one_in(2) ? "1M" : "1000";
        ASSERT_TRUE(printed(with({"packed", threads, "-m", memory, "--split-size", split})) ==
                    wanted)
            << format << ' ' << compressor << ' ' << threads << ' ' << memory << ' ' << split;
        if (format == "whole") continue;
        const std::string one = printed(with({"plain/b"}));
        CommandOptions piped;
        piped.stdin_file = folder_ / "packed/b";
        ASSERT_TRUE(printed(with({"-", threads, "-m", memory}), piped) == one)
            << format << ' ' << compressor;
      }
    }
  }
}

TEST_F(CompressedInput, IsKnownByContentHoweverSmallItIs) {
  for (const std::string& compressor : compressors()) {
    shell("seq 3000 | " + compressor + " >text");
    EXPECT_EQ(printed({"wordcount", "text"}).size(), 19'893u) << compressor;
  }
}

TEST_F(CompressedInput, NeedsRoomForItsRecordsAndNotForItsText) {
  // Text that packs well is larger than what a part is decoded ahead into.
  shell(
      "text() { seq -f 'host sshd: Accepted publickey for user from 10.0.0.%06.0f port 22' $1 $2; "
      "}; "
      "for i in 0 1 2 3 4 5; do text ${i}00000 ${i}99999 | gzip -c; done >many; "
      "zcat many | gzip -c >one; zcat many | xz -0 -T2 -c >blocks; zcat many | zstd -q -c >frame");
  for (const std::string name : {"many", "one", "blocks", "frame"})
    for (const Texts& limits : {Texts{"-m", "34M"}, Texts{"-m", "100M"},
                                Texts{"-m", "256M", "-j", "1"}, Texts{"-m", "512M", "-j", "1"}}) {
      Texts arguments{"grep", name, "-D", "pattern=99999 port", "-D", "count=true"};
      arguments.insert(arguments.end(), limits.begin(), limits.end());
      EXPECT_EQ(printed(arguments), "6\n") << name << " " << limits[1];
    }
}

TEST_F(CompressedInput, IsFoundWhereSplitsAreSmallerThanIt) {
  // Of 64 KiB and less, without a suffix: nothing but its bytes says what it is.
  shell("seq 20000 >plain; gzip -c plain >packed");
  ASSERT_LT(read_file(folder_ / "packed").size(), 64u << 10);
  const std::string wanted = printed({"wordcount", "plain", "-p1"});
  for (const std::vector<std::string>& way : ways_to_read())
    for (const std::string split : {"1", "1000", "20K", "1M"}) {
      Texts arguments{"wordcount", "packed", "-p1", "--split-size", split};
      arguments.insert(arguments.end(), way.begin(), way.end());
      ASSERT_TRUE(printed(arguments) == wanted) << testing::PrintToString(arguments);
    }
}

TEST_F(CompressedInput, KeepsHeadersLineNumbersAndCsv) {
  std::string csv = "id,text\n";
  for (int i = 0; i < 20'000; ++i)
    csv += std::to_string(i) + ",\"row\n" + std::to_string(i % 7) + "\"\n";
  write_file(folder_ / "t.csv", csv);
  shell("xz -0 -c t.csv >t; seq 50000 | gzip -c >numbers");
  EXPECT_EQ(printed({"sum", "t", "-D", "format=csv", "-D", "header", "-D", "sum=id"}),
            "199990000\n");
  EXPECT_EQ(printed({"grep", "numbers", "-D", "pattern=^4999.$", "-D", "line"}).substr(0, 12),
            "49990\t49990\n");
}

// A header belongs to all of a file's parts, and where quotes are open only the parts before know.
TEST_F(CompressedInput, KeepsHeadersAndQuotesWhereItIsCut) {
  Random random(test_seed());
  for (const std::string name : {"a", "b"}) {
    std::string csv = name == "a" ? "id,\"the\ntext\",count\n" : "count,\"the\ntext\",id\n";
    for (int i = 0; i < 30'000; ++i) {
      std::string text = "group " + std::to_string(random.below(5));
      for (std::uint64_t more = random.below(4); more > 0; --more)
        text += random.pick<std::string>({"\n1,2,3\n", "\"\"", ",", " x\r\n"});
      csv += std::to_string(random.below(1000)) + ",\"" + text + "\"," +
             std::to_string(random.below(1000)) + "\n";
    }
    write_file(folder_ / "plain/" + name, csv);
  }
  const Texts job{"sum",          "-D", "format=csv", "-D", "header", "-D",
                  "by=the\ntext", "-D", "sum=count",  "-p", "1"};
  const auto with = [&](Texts more) {
    more.insert(more.begin(), job.begin(), job.end());
    return more;
  };
  const std::string wanted = printed(with({"plain"}));
  ASSERT_GT(lines_of(wanted).size(), 100u);
  for (const std::string& compressor : compressors()) {
    remove_tree(folder_ / "packed");
    shell("mkdir packed; for f in a b; do " + compressor + " <plain/$f >packed/$f; done");
    for (const std::string threads : {"-j1", "-j8"})
      for (const std::string split : {"4K", "30K", "1M"})
        ASSERT_TRUE(printed(with({"packed", threads, "--split-size", split})) == wanted)
            << compressor << ' ' << threads << ' ' << split;
  }
}

TEST_F(CompressedInput, IsReadAsItIsOnDemand) {
  shell("printf 'one two\\n' | gzip -c >in");
  const std::string bytes = read_file(folder_ / "in");
  EXPECT_EQ(printed({"sort", "in", "--records", "whole", "--decompress", "none", "--output-format",
                     "raw"}),
            bytes);
  EXPECT_EQ(printed({"sort", "-", "--records", "fixed:1", "--decompress", "none"},
                    [&] {
                      CommandOptions options;
                      options.stdin_file = folder_ / "in";
                      return options;
                    }())
                .size(),
            bytes.size());
}

TEST_F(CompressedInput, OfMrunItselfIsReadAgain) {
  write_file(folder_ / "in", "b a\nb\n");
  for (const std::string format : {"gzip", "zstd", "lz4"}) {
    const CommandResult made = run({"wordcount", "in", "out", "-q", "--compress", format, "-p3"});
    ASSERT_TRUE(made.ok()) << made.err;
    EXPECT_EQ(printed({"sort", "out"}), "a\t1\nb\t2\n");
    remove_tree(folder_ / "out");
  }
}

TEST_F(CompressedInput, ThatIsDamagedIsAnErrorWithItsPlace) {
  shell("seq 200000 | gzip -c >whole; head -c 100000 whole >cut; { cat whole; echo more; } >more");
  const std::string hint =
      "  hint: restore the file; --decompress none reads its bytes as they are\n";
  const auto says = [&](const std::string& name, const std::string& text) {
    for (const std::vector<std::string>& way : ways_to_read()) {
      Texts arguments{"wordcount", name, "out", "-q"};
      arguments.insert(arguments.end(), way.begin(), way.end());
      const CommandResult result = run(arguments);
      EXPECT_EQ(result.exit_status, 4) << describe(arguments, result);
      EXPECT_EQ(result.err,
                "mrun: error: cannot decompress '" + name + "' at offset " + text + "\n" + hint);
      EXPECT_FALSE(exists(folder_ / "out"));
    }
  };
  says("cut", "100000: it ends too early");
  const std::string end = std::to_string(read_file(folder_ / "whole").size());
  says("more", end + ": bytes that are no gzip member");
}

// However far a library has read on: the place is that of the member, frame or stream.
TEST_F(CompressedInput, NamesTheSamePlaceOfADamageHoweverItIsRead) {
  for (const std::string compressor :
       {"gzip -c", "bzip2 -c", "xz -0 -c", "zstd -q -c", "lz4 -q -c"}) {
    shell("for i in 1 2 3; do seq 100000 150000 | " + compressor +
          " >part.$i; done; "
          "cat part.1 part.2 part.3 >damaged; size=$(stat -c %s part.1); "
          "printf XXXX | dd of=damaged bs=1 seek=$((size + size / 2)) conv=notrunc status=none");
    const std::string place = "cannot decompress 'damaged' at offset " +
                              std::to_string(read_file(folder_ / "part.1").size()) + ": a damaged ";
    std::string first;
    for (std::vector<std::string> way : ways_to_read())
      for (const std::string split : {"1K", "10K", "10M"}) {
        Texts arguments{"wordcount", "damaged", "out", "-q", "--split-size", split};
        arguments.insert(arguments.end(), way.begin(), way.end());
        const CommandResult result = run(arguments);
        EXPECT_EQ(result.exit_status, 4) << describe(arguments, result);
        EXPECT_NE(result.err.find(place), std::string::npos) << describe(arguments, result);
        if (first.empty()) first = result.err;
        EXPECT_EQ(result.err, first) << compressor;
      }
    CommandOptions piped;
    piped.folder = folder_.path();
    piped.stdin_file = folder_ / "damaged";
    std::string err = run_mrun({"wordcount", "-", "out", "-q"}, piped).err;
    const std::size_t name = err.find("'-'");
    ASSERT_NE(name, std::string::npos) << err;
    EXPECT_EQ(err.replace(name, 3, "'damaged'"), first);
  }
}

TEST_F(CompressedInput, MayBeginWithFramesThatAreToBeSkipped) {
  shell(
      "seq 200000 >plain; cat plain plain >twice; "
      "skip() { printf \"\\x5$1\\x2a\\x4d\\x18\\xe8\\x03\\0\\0\"; head -c 1000 plain; }; "
      "for pack in zstd lz4; do "
      "{ skip 0; skip f; $pack -q -c plain; skip 3; $pack -q -c plain; } >$pack; done; "
      "{ for i in {1..70}; do skip 1; done; cat lz4; } >many");
  const std::string wanted = printed({"wordcount", "twice", "-p1"});
  for (const std::string name : {"zstd", "lz4", "many"}) {
    for (const std::string split : {"1M", "20K"})
      EXPECT_TRUE(printed({"wordcount", name, "-p1", "--split-size", split}) == wanted) << name;
    CommandOptions piped;
    piped.stdin_file = folder_ / name;
    EXPECT_TRUE(printed({"wordcount", "-", "-p1"}, piped) == wanted) << name;
  }
}

// Their blocks hold 8 MiB each. lz4 itself says what frames of all kinds in one file hold.
TEST_F(CompressedInput, MayBeInTheLegacyFormatOfLz4) {
  shell(
      "seq 2500000 >plain; lz4 -q -l -c plain >legacy; seq 99 | lz4 -q -l -c >small; "
      "seq 50000 | lz4 -q -c >modern; { printf '\\x5a\\x2a\\x4d\\x18\\x03\\0\\0\\0abc'; } >skip; "
      "cat skip legacy small modern skip legacy modern small skip >mixed; "
      "cat modern legacy modern >behind");
  for (const std::string name : {"legacy", "mixed", "behind"}) {
    shell("lz4 -q -d -c <" + name + " >text");
    const Texts job{"grep", "-p1", "-D", "pattern=[05]$", "-D", "line"};
    const auto with = [&](Texts more) {
      more.insert(more.begin(), job.begin(), job.end());
      return more;
    };
    const std::string wanted = printed(with({"text"}));
    ASSERT_GT(wanted.size(), 5'000'000u);
    for (const std::string memory : {"64M", "1G"})
      for (const std::string threads : {"-j1", "-j4"})
        for (const std::string split : {"300K", "10M"})
          EXPECT_TRUE(printed(with({name, "-m", memory, threads, "--split-size", split})) == wanted)
              << name << ' ' << memory << ' ' << threads << ' ' << split;
    CommandOptions piped;
    piped.stdin_file = folder_ / name;
    EXPECT_TRUE(printed(with({"-", "-m", "64M"}), piped) == wanted) << name;
  }
}

TEST_F(CompressedInput, ThatNeedsTooMuchMemoryOrTimeIsRefused) {
  shell("seq 100000 | zstd -q --long=31 -c >window; head -c 1200M /dev/zero | zstd -q -1 -c >bomb");
  const CommandResult window = run({"wordcount", "window", "out", "-q", "-m", "64M"});
  EXPECT_EQ(window.exit_status, 6) << window.err;
  EXPECT_NE(window.err.find("its zstd data needs a larger window than the "), std::string::npos)
      << window.err;
  const CommandResult bomb =
      run({"grep", "bomb", "out", "-q", "--records", "fixed:4096", "-D", "pattern=x"});
  EXPECT_EQ(bomb.exit_status, 6) << bomb.err;
  EXPECT_NE(bomb.err.find(" times as much\n"), std::string::npos) << bomb.err;
}

}  // namespace
}  // namespace mrun::test_support
