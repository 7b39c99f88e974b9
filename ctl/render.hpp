// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proto/fsshare.pb.h"

#include <cstdint>
#include <string>

/// Parts of replies as text for people: tables, or `name: value` lines.
namespace fsshare::ctl {

/// Returns `yes` or `no`.
std::string yes_no(bool value);

std::string count(std::uint64_t value);

/// Says what a list does not show; nothing if it shows all.
std::string more_of(const char* what, std::uint64_t more);

/// Returns a titled table of paths and reasons; nothing if there are none.
std::string
section(const char* title,
        const google::protobuf::RepeatedPtrField<v1::PathReason>& list);

/// Returns the words with commas between them.
std::string
joined(const google::protobuf::RepeatedPtrField<std::string>& words);

using wire_labels = google::protobuf::Map<std::string, std::string>;

/// Returns `name=value,name=value` in the order of the names.
std::string label_words(const wire_labels& of);

/// Returns whether a copy is current, or how far it is.
std::string state_of(const v1::DestinationStatus& at);

/// Returns why a copy is not as it should be, and when that is tried again.
std::string trouble_of(const v1::DestinationStatus& at);

/// Returns a duration for people; nothing for 0.
std::string duration_cell(std::int64_t ns);

/// Returns what a container is called with its id, or the id alone.
std::string container_cell(const std::string& id, const std::string& name);

/// Returns a titled table of storages; nothing if there are none.
std::string
storage_lines(const char* title,
              const google::protobuf::RepeatedPtrField<v1::Storage>& storages);

/// Returns the shares of a sandbox as a table.
std::string share_table(const v1::GetSandboxReply& reply);

enum class columns : std::uint8_t { few, all };

/// Returns volumes with their destinations as a table.
/// @param more How many volumes there are beside them.
std::string volume_table(
  const google::protobuf::RepeatedPtrField<v1::VolumeStatus>& volumes,
  std::uint64_t more, columns which);

} // namespace fsshare::ctl
