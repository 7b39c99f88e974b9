// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fsshare {

/// Returns the number of bytes of the UTF-8 character that `text` begins with;
/// 0 if it begins with none (RFC 3629: shortest form, no surrogates, at most
/// U+10FFFF).
std::size_t utf8_length(std::string_view text) noexcept;

/// Returns whether `text` is well-formed UTF-8, as protobuf demands of strings.
bool is_utf8(std::string_view text);

/// Returns `text` with each byte that is no part of a UTF-8 character replaced
/// by U+FFFD. File names can be any bytes; protobuf strings and JSON cannot.
std::string valid_utf8(std::string_view text);

/// Returns at most `max_bytes` of what a peer said, as text that may be shown:
/// valid UTF-8 in which control characters, line and paragraph separators and
/// those that turn the direction of writing are U+FFFD, too. Empty where
/// `max_bytes` is less than what the first character takes.
std::string peer_text(std::string_view said, std::size_t max_bytes);

/// Returns `text` in at most `max_bytes`, with `...` in the place of its middle
/// if it has more: sentences begin with what was tried and end with the reason;
/// what may be long are the paths between. No character is cut.
/// @param max_bytes at least 3.
std::string without_middle(std::string_view text, std::size_t max_bytes);

/// Returns what a guest agent said up to the backtrace of its own code.
std::string_view without_backtrace(std::string_view said) noexcept;

/// Returns the number of bytes of the character that `text` begins with if it
/// changes how a terminal or an editor shows what is around it: a control
/// character (C0, DEL, C1), a line or paragraph separator, or one that turns
/// the direction of text (UAX #9); else 0.
std::size_t control_length(std::string_view text) noexcept;

} // namespace fsshare
