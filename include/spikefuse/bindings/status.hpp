// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Errors at the border to C: exceptions become a code and a sentence. Nothing is thrown across.

#include "../core/config.hpp"
#include "../core/errors.hpp"

#include <exception>
#include <new>
#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI::bindings {

/// What a function of a C interface answers. The generated headers give each a name.
enum class status : int {
    ok = 0,
    shape_error = 1,   ///< an array of another size
    value_error = 2,   ///< a number outside its domain, a null pointer
    name_error = 3,    ///< no such layer, parameter or state
    file_error = 4,    ///< a file, or files were not built in
    handle_error = 5,  ///< no such model: never created, or destroyed
    runtime_error = 6, ///< Kokkos does not run
    memory_error = 7,  ///< there is no such memory
    other_error = 8    ///< anything else
};

/// A model that is not there.
struct handle_error : error {
    handle_error(std::string const& problem, std::string const& why, std::string const& cure)
        : error("handle_error", problem, why, cure) {}
};

/// Kokkos is not where it should be: not begun, or ended.
struct runtime_error : error {
    runtime_error(std::string const& problem, std::string const& why, std::string const& cure)
        : error("runtime_error", problem, why, cure) {}
};

/// There is no such memory.
struct memory_error : error {
    memory_error(std::string const& problem, std::string const& why, std::string const& cure)
        : error("memory_error", problem, why, cure) {}
};

/// The sentence of a thread's last error; empty where there was none.
inline std::string& last_error() noexcept {
    thread_local std::string text;
    return text;
}

namespace detail {

/// Keeps a sentence, or none where there is no memory for it.
inline status keep(status code, char const* text) noexcept {
    try {
        last_error() = text;
    } catch (...) {
        last_error().clear();
    }
    return code;
}

} // namespace detail

/// Calls, and says how that ended.
/// @return the code; `last_error` has the sentence
template <class Call>
int guarded(Call const& call) noexcept {
    auto const answer = [&]() -> status {
        try {
            call();
            return status::ok;
        } catch (shape_error const& e) {
            return detail::keep(status::shape_error, e.what());
        } catch (value_error const& e) {
            return detail::keep(status::value_error, e.what());
        } catch (name_error const& e) {
            return detail::keep(status::name_error, e.what());
        } catch (file_error const& e) {
            return detail::keep(status::file_error, e.what());
        } catch (handle_error const& e) {
            return detail::keep(status::handle_error, e.what());
        } catch (runtime_error const& e) {
            return detail::keep(status::runtime_error, e.what());
        } catch (memory_error const& e) {
            return detail::keep(status::memory_error, e.what());
        } catch (std::bad_alloc const&) {
            return detail::keep(status::memory_error,
                                "spikefuse::memory_error: there is no such memory. Make the batch "
                                "smaller, or layers narrower");
        } catch (std::exception const& e) {
            return detail::keep(status::other_error, e.what());
        } catch (...) {
            return detail::keep(status::other_error,
                                "spikefuse: an exception that is no std::exception");
        }
    };
    return static_cast<int>(answer());
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::bindings
