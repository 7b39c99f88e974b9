// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/paths.hpp"
#include "core/result.hpp"
#include "core/text/labels.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// What is checked of the fields of requests. Each names the field, and refuses
/// with `errc::invalid_argument`.
namespace fsshare {

/// No container has as many options, devices or annotations.
inline constexpr std::size_t max_entries = 1024;

/// No sandbox has as many binds, no node as many kubelet roots.
inline constexpr std::size_t max_directories = 256;

/// The longest path (PATH_MAX of limits.h): sources may be paths.
inline constexpr std::size_t max_word_bytes = max_path_bytes + 1;

/// An option or an annotation may be a document, such as a virtual volume of
/// Kata in base64; what the kernel takes ends at a page.
inline constexpr std::size_t max_document_bytes = std::size_t{256} << 10;

error refused(const std::string& sentence);
error too_many(std::string_view what, std::size_t count,
               std::size_t limit = max_entries);

/// Returns the first that is none.
status first_failure(std::initializer_list<status> checks);

/// Brings a path into normal form.
status make_normal(std::string_view what, std::string& path);
/// Checks lists of words for their number, length and NUL bytes.
status check_words(std::string_view what, const std::vector<std::string>& words,
                   std::size_t max_bytes = max_word_bytes);
/// Checks what people call something: it is shown, and never a path.
status check_name(std::string_view what, std::string_view name);
status check_labels(const label_map& labels);
/// Checks what is told of a guest beside its address.
status check_facts(std::uint64_t memory_bytes, guest_policy policy);
status check_address(const std::string& text);
/// Checks sandbox binds, and brings their sources into normal form.
status check_binds(std::vector<sandbox_bind>& binds);

} // namespace fsshare
