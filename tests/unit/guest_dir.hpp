// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"
#include "core/paths.hpp"
#include "guest/file_store.hpp"
#include "guest/share_path.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

/// Steps of plans, carried out by the files of a guest agent.
namespace fsshare::test {

inline tree_entry make_entry(std::string path, entry_type type,
                             std::size_t size = 0, char fill = 'x') {
  tree_entry entry;
  entry.path = std::move(path);
  entry.type = type;
  entry.mode = type == entry_type::directory ? 0755 : 0644;
  entry.size = size;
  if (type == entry_type::file)
    entry.content
      = make_secret_blob(bytes(size, static_cast<std::uint8_t>(fill)));
  if (type == entry_type::symlink)
    entry.target = "leads/nowhere";
  return entry;
}

// The directory of a stand-in's files, and what is in it.
struct guest_dir {
  explicit guest_dir(guest::profile which) : rules(rules_of(which)) {
    auto opened = guest::file_store::open(dir.path(), which);
    REQUIRE(opened);
    store.emplace(std::move(*opened));
  }

  status carry_out(const copy_step& step, std::uint64_t offset,
                   std::uint64_t length) const {
    guest::copy_file_request request;
    request.path = sent_path(step);
    request.file_size = static_cast<std::int64_t>(step.announced_size);
    request.file_mode = wire_mode(step);
    request.dir_mode = step.parent_mode;
    request.uid = static_cast<std::int32_t>(step.uid);
    request.gid = static_cast<std::int32_t>(step.gid);
    request.offset = static_cast<std::int64_t>(step.offset + offset);
    if (step.type == entry_type::symlink)
      request.data = as_bytes(step.target);
    else if (step.content)
      request.data = byte_view{*step.content}.subspan(offset, length);
    return store->copy_file(request);
  }

  temp_dir dir;
  guest_profile rules;
  std::optional<guest::file_store> store;
};

inline std::string guest_path(const std::string& name) {
  return join(std::string{guest::share_root}, name);
}

} // namespace fsshare::test
