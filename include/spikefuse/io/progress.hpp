#pragma once
/// A progress bar for a person who waits: share done, rate, time left. One line, redrawn on a terminal; a line each tenth elsewhere.

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <utility>

namespace spikefuse::io {

class progress {
  public:
    /// `unit` is what is counted: "images". Draws to standard error.
    progress(std::string unit, std::size_t total)
        : unit_(std::move(unit)), total_(total == 0 ? 1 : total), terminal_(isatty(STDERR_FILENO) == 1) {
        draw();
    }
    progress(progress const&) = delete;
    progress& operator=(progress const&) = delete;
    ~progress() {
        if (terminal_) std::fputs("\n", stderr);
    }

    /// `note` stands at the end of the line: "loss 0.31".
    void advance(std::size_t count, std::string note = "") {
        done_ += count;
        note_ = std::move(note);
        auto const now = clock::now();
        bool const last = done_ >= total_;
        if (terminal_ ? (last || now - drawn_ > std::chrono::milliseconds(100)) : (last || done_ * 10 / total_ > tenths_)) draw();
    }

  private:
    using clock = std::chrono::steady_clock;

    static std::string span(double seconds) {
        char text[32];
        int const whole = static_cast<int>(seconds);
        if (whole >= 60) {
            std::snprintf(text, sizeof text, "%d:%02d min", whole / 60, whole % 60);
        } else {
            std::snprintf(text, sizeof text, "%.1f s", seconds);
        }
        return text;
    }
    void draw() {
        drawn_ = clock::now();
        tenths_ = done_ * 10 / total_;
        double const share = static_cast<double>(done_) / static_cast<double>(total_);
        double const seconds = std::chrono::duration<double>(drawn_ - begun_).count();
        double const rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
        std::string bar;
        constexpr int cells = 24;
        for (int k = 0; k < cells; ++k) bar += k < static_cast<int>(share * cells + 0.5) ? "█" : "░";
        std::string const left = done_ > 0 && done_ < total_ ? ", " + span(seconds / share - seconds) + " left"
                                 : done_ > 0                 ? ", " + span(seconds)
                                                             : "";
        std::fprintf(stderr, "%s%s %3.0f %%  %zu of %zu %s, %.0f a second%s%s%s%s", terminal_ ? "\r\033[K" : "", bar.c_str(), share * 100,
                     done_, total_, unit_.c_str(), rate, left.c_str(), note_.empty() ? "" : "  ", note_.c_str(), terminal_ ? "" : "\n");
        std::fflush(stderr);
    }

    std::string unit_, note_;
    std::size_t total_, done_ = 0, tenths_ = 0;
    bool terminal_;
    clock::time_point begun_ = clock::now(), drawn_ = begun_;
};

} // namespace spikefuse::io
