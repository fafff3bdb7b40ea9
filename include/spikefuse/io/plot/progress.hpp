// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A progress bar: share, count, rate, time spent and left, and any other numbers. On a terminal
/// one line that is redrawn at most ten times a second; elsewhere (a log) a plain line each tenth,
/// or as many as `log_lines` says. (Debian 13 packages no C++ library for it.)
///
///     io::plot::progress bar("training", images.size(), "images");
///     for (...) { ...; bar.show("loss", loss); bar.advance(batch); }

#include "../../core/config.hpp"

#include "detail/text.hpp"
#include "terminal.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot {

/// How a bar is drawn.
struct progress_options {
    std::FILE* stream = stderr;                     ///< where to
    bool terminal = is_terminal(stream);            ///< a bar there; else lines of a log
    std::size_t columns = terminal_columns(stream); ///< its width
    bool ascii = false;                             ///< no block characters
    std::size_t log_lines = 10;      ///< in a log, of a known total; 1: one when all is done
    std::function<double()> clock{}; ///< seconds; the steady clock if empty
    std::function<void(std::string const&)> sink{}; ///< takes the text; the stream if empty
};

/// Not for two threads at once. Ends its line when it is destroyed, also by an exception.
class progress {
  public:
    /// @param title in front of the bar
    /// @param total 0: nobody knows how many; then there is no share and no time left
    /// @param unit what is counted
    /// @param options where and how it is drawn
    explicit progress(std::string const& title, std::size_t total = 0,
                      std::string const& unit = "steps", progress_options options = {})
        : title_(detail::plain(title)), unit_(detail::plain(unit)), total_(total),
          options_(std::move(options)), begun_(now()), drawn_(begun_) {
        if (options_.terminal) draw();
    }
    progress(progress const&) = delete;
    progress& operator=(progress const&) = delete;
    ~progress() {
        try {
            finish();
        } catch (...) { // a bar that cannot be drawn is no reason to stop
            ended_ = true;
        }
    }

    void advance(std::size_t count = 1) { at(done_ + count); } ///< so many more are done
    /// So many are done in all.
    void at(std::size_t done) {
        done_ = done;
        if (ended_) return;
        bool const complete = total_ > 0 && done_ >= total_;
        if (options_.terminal ? now() - drawn_ >= 0.1
                              : !complete && (total_ > 0 ? part() > part_ : now() - drawn_ >= 10))
            draw();
    }
    /// A number, or words, at the end of the line, from the next drawing on.
    void show(std::string const& name, double value) { show(name, detail::brief(value)); }
    void show(std::string const& name, std::string const& words) {
        for (auto& [known, text] : fields_)
            if (known == detail::plain(name)) return void(text = detail::plain(words));
        fields_.emplace_back(detail::plain(name), detail::plain(words));
    }
    /// Draws the last state and ends the line. Further calls do nothing.
    void finish() {
        if (ended_) return;
        ended_ = true;
        draw();
        if (options_.terminal) put("\n");
    }
    std::size_t done() const { return done_; } ///< how many are done

  private:
    double now() const {
        return options_.clock ? options_.clock()
                              : std::chrono::duration<double>(
                                    std::chrono::steady_clock::now().time_since_epoch())
                                    .count();
    }
    double share() const {
        return total_ == 0
                   ? 0
                   : std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    }
    /// How many of a log's lines are written by now.
    std::size_t part() const {
        return static_cast<std::size_t>(share() * static_cast<double>(options_.log_lines) + 1e-9);
    }
    /// "3.2 s", "4:07", "1:02:09".
    static std::string time_text(double seconds) {
        if (!(seconds < 3.6e7)) return "days";
        if (seconds < 59.95) return detail::fixed(std::max(seconds, 0.0), 1) + " s";
        auto const whole = std::lround(seconds), hours = whole / 3600;
        auto const two = [](long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
        return hours > 0
                   ? std::to_string(hours) + ":" + two(whole / 60 % 60) + ":" + two(whole % 60)
                   : std::to_string(whole / 60) + ":" + two(whole % 60);
    }
    std::string bar(std::size_t cells) const {
        static constexpr std::array<char const*, 8> parts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
        auto const eighths = static_cast<std::size_t>(share() * static_cast<double>(cells) * 8);
        std::string text;
        for (std::size_t c = 0; c < cells; ++c) {
            std::size_t const here =
                std::min<std::size_t>(eighths > c * 8 ? eighths - c * 8 : 0, 8);
            text += options_.ascii ? (here == 8 ? "#" : "-")
                    : here == 8    ? "█"
                    : here == 0    ? " "
                                   : parts[here];
        }
        return options_.ascii ? "[" + text + "]" : "▕" + text + "▏";
    }
    std::string facts() const {
        double const spent = std::max(now() - begun_, 0.0);
        bool const complete = total_ > 0 && done_ >= total_;
        std::string text =
            std::to_string(done_) + (total_ > 0 ? "/" + std::to_string(total_) : "") + " " + unit_;
        if (spent > 0 && done_ > 0)
            text += ", " + detail::brief(static_cast<double>(done_) / spent) + " " + unit_ + "/s";
        text += ", " + time_text(spent);
        if (!complete && !ended_ && total_ > 0 && done_ > 0 && spent > 0)
            text += ", " + time_text(spent * (1 / share() - 1)) + " left";
        if (ended_ && total_ > 0 && !complete)
            text +=
                std::uncaught_exceptions() > exceptions_ ? ", stopped by an error" : ", stopped";
        for (auto const& [name, words] : fields_)
            text.append(", ").append(name).append(" ").append(words);
        return text;
    }
    void draw() {
        drawn_ = now();
        part_ = part();
        std::string const percent =
            total_ > 0
                ? detail::right_aligned(detail::fixed(std::floor(share() * 100 + 1e-9), 0), 3) +
                      " %"
                : "";
        if (!options_.terminal)
            return put((title_.empty() ? "" : title_ + ": ") +
                       (percent.empty() ? "" : percent + ", ") + facts() + "\n");
        std::string line = title_.empty() ? "" : title_ + " ";
        if (total_ > 0)
            line +=
                bar(std::clamp<std::size_t>(options_.columns / 8, 8, 20)) + " " + percent + "  ";
        // Cut, because a line that wraps cannot be redrawn.
        put("\r" + detail::cut(line + facts(), options_.columns - 1, options_.ascii) + "\033[K");
    }
    void put(std::string const& text) const {
        if (options_.sink) return options_.sink(text);
        std::fputs(text.c_str(), options_.stream);
        std::fflush(options_.stream);
    }

    std::string title_, unit_;
    std::size_t total_, done_ = 0, part_ = 0;
    progress_options options_;
    std::vector<std::pair<std::string, std::string>> fields_;
    int exceptions_ = std::uncaught_exceptions();
    bool ended_ = false;
    double begun_, drawn_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot
