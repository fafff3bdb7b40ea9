// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The progress bar, with a clock and a paper of the test's own.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/io/plot/progress.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using namespace spikefuse::io::plot;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

struct bench {
    double now = 100;
    std::vector<std::string> written{};
    progress_options options(bool terminal, std::size_t columns = 100) {
        return {.terminal = terminal,
                .columns = columns,
                .clock = [this] { return now; },
                .sink = [this](std::string const& text) { written.push_back(text); }};
    }
};

} // namespace

TEST_CASE("in a log: a plain line each tenth") {
    bench b;
    {
        progress bar("training", 1000, "images", b.options(false));
        for (int k = 0; k < 1000; ++k) {
            b.now += 0.01;
            bar.show("loss", 0.5);
            bar.advance();
        }
    }
    REQUIRE(b.written.size() == 10);
    CHECK(b.written[0] ==
          "training:  10 %, 100/1000 images, 100 images/s, 1.0 s, 9.0 s left, loss 0.5\n");
    CHECK(b.written[9] == "training: 100 %, 1000/1000 images, 100 images/s, 10.0 s, loss 0.5\n");
}

TEST_CASE("in a log: as many lines as asked for") {
    for (std::size_t const lines : {std::size_t(1), std::size_t(3)}) {
        bench b;
        {
            auto options = b.options(false);
            options.log_lines = lines;
            progress bar("epoch 1/2", 1000, "batches", options);
            for (int k = 0; k < 1000; ++k) {
                b.now += 0.01;
                bar.advance();
            }
        }
        REQUIRE(b.written.size() == lines);
        CHECK(b.written.back() == "epoch 1/2: 100 %, 1000/1000 batches, 100 batches/s, 10.0 s\n");
    }
}

TEST_CASE("in a log: a leap is one line") {
    bench b;
    progress bar("", 100, "steps", b.options(false));
    b.now += 1;
    bar.advance(55);
    CHECK(b.written ==
          std::vector<std::string>{" 55 %, 55/100 steps, 55 steps/s, 1.0 s, 0.8 s left\n"});
    bar.advance(200);
    bar.finish();
    bar.finish();
    bar.advance();
    REQUIRE(b.written.size() == 2);
    CHECK_THAT(b.written[1], StartsWith("100 %, 255/100 steps"));
}

TEST_CASE("on a terminal: at most ten drawings a second, on one line") {
    bench b;
    {
        progress bar("run", 10000, "steps", b.options(true));
        for (int k = 0; k < 10000; ++k) {
            b.now += 0.0001; // one second in all
            bar.advance();
        }
    }
    CHECK(b.written.size() >= 10);
    CHECK(b.written.size() <= 13); // first, ten, last, end of line
    for (std::size_t k = 0; k + 1 < b.written.size(); ++k) {
        CHECK_THAT(b.written[k],
                   StartsWith("\r") && EndsWith("\033[K") && !ContainsSubstring("\n"));
        CHECK(detail::length_of(b.written[k]) < 100 + 4); // and the codes: \r, \033[K
    }
    CHECK_THAT(b.written[b.written.size() - 2],
               ContainsSubstring("▕████████████▏ 100 %  10000/10000 steps, 10k steps/s, 1.0 s"));
    CHECK(b.written.back() == "\n");
}

TEST_CASE("on a narrow terminal the line is cut, not wrapped") {
    bench b;
    progress bar("a long title for a bar", 10, "steps", b.options(true, 40));
    b.now += 1;
    bar.show("accuracy", "92.1 %");
    bar.advance(3);
    CHECK(b.written.back() == "\ra long title for a bar ▕██▍     ▏  30 …\033[K");
}

TEST_CASE("an error ends the line, and says so") {
    bench b;
    try {
        progress bar("run", 10, "steps", b.options(true, 120));
        b.now += 1;
        bar.advance(4);
        throw std::runtime_error("no");
    } catch (std::runtime_error const&) { // only its passing matters
    }
    REQUIRE(b.written.size() == 4);
    CHECK_THAT(b.written[2],
               ContainsSubstring("4/10 steps, 4 steps/s, 1.0 s, stopped by an error"));
    CHECK(b.written[3] == "\n");
    bench c;
    {
        progress const bar("run", 10, "steps", c.options(false));
    }
    CHECK(c.written == std::vector<std::string>{"run:   0 %, 0/10 steps, 0.0 s, stopped\n"});
}

TEST_CASE("without a total there is no share, and no promise") {
    bench b;
    {
        progress bar("reading", 0, "events", b.options(false));
        for (int k = 0; k < 25; ++k) {
            b.now += 1;
            bar.advance(1000);
        }
    }
    CHECK(b.written == std::vector<std::string>{"reading: 10000 events, 1000 events/s, 10.0 s\n",
                                                "reading: 20000 events, 1000 events/s, 20.0 s\n",
                                                "reading: 25000 events, 1000 events/s, 25.0 s\n"});
}

TEST_CASE("long times read as clocks") {
    bench b;
    progress bar("t", 10, "steps", b.options(false));
    b.now += 3725;
    bar.at(5);
    CHECK_THAT(b.written.back(), ContainsSubstring("1:02:05, 1:02:05 left"));
}

TEST_CASE("a sink that throws does not end the program") {
    int calls = 0;
    {
        progress const bar("t", 10, "steps", {.terminal = false, .sink = [&](std::string const&) {
                                                  ++calls;
                                                  throw std::runtime_error("full");
                                              }});
    }
    CHECK(calls > 0); // it threw, and we are still here
}
