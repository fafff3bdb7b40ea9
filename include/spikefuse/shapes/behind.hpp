// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a word makes of a shape. A word says it by `shape<Left>`; one that does not gives features,
/// or, where each output depends on one input alone (neurons), what it takes.

#include "../core/layer.hpp"
#include "joined.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {
namespace detail {

template <class Word, class Left>
struct shape_behind_word {
    static constexpr bool passes = !Word::mixes && Word::gives(Left::width) == Left::width;
    using type = typename std::conditional_t<passes, std::type_identity<Left>,
                                             features_or_unknown<Word::gives(Left::width)>>::type;
};
template <class Word, class Left>
    requires(is_plain<Left> || !requires { Word::gives(0); }) &&
            requires { typename Word::template shape<Left>; }
struct shape_behind_word<Word, Left> {
    using type = typename Word::template shape<Left>;
};
/// A layer behind parts side by side: neurons, one an input, leave them so; others see one row.
template <class Word, class... Part>
    requires requires { Word::gives(0); }
struct shape_behind_word<Word, joined_shape<Part...>> {
    using one_row = plain_shape<joined_shape<Part...>>;
    using behind = typename shape_behind_word<Word, one_row>::type;
    static constexpr bool passes = !Word::mixes && std::is_same_v<behind, one_row> &&
                                   !requires { typename Word::template shape<one_row>; };
    using type = std::conditional_t<passes, joined_shape<Part...>, behind>;
};
template <class Word>
struct shape_wanted {
    using type = shape_of_width<Word::wants>;
};
template <class Word>
    requires requires { typename Word::wanted_shape; }
struct shape_wanted<Word> {
    using type = typename Word::wanted_shape;
};

} // namespace detail

/// The shape that a word gives behind another; `unknown_shape` while that is not known.
/// @tparam Word a layer, or a part of a network
/// @tparam Left what comes: features<N>, an image's type, unknown_shape
template <class Word, class Left>
using shape_behind = typename detail::shape_behind_word<Word, Left>::type;
/// The shape that a word asks for; `unknown_shape` where any will do.
template <class Word>
using wanted_shape = typename detail::shape_wanted<Word>::type;

} // namespace spikefuse::inline SPIKEFUSE_ABI
