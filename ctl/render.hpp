// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proto/fsshare.pb.h"

#include <string>

/// Replies as text for people: tables, or `name: value` lines. Of a reply
/// without content nothing is printed.
namespace fsshare::ctl {

std::string render(const v1::PrepareReply& reply);
std::string render(const v1::CleanupReply& reply);
std::string render(const v1::ShareFileReply& reply);
std::string render(const v1::UnshareFileReply& reply);
std::string render(const v1::UnshareContainerReply& reply);
std::string render(const v1::ShareRootFilesystemReply& reply);
std::string render(const v1::UnshareRootFilesystemReply& reply);
std::string render(const v1::StartFileEventWatcherReply& reply);
std::string render(const v1::StopFileEventWatcherReply& reply);
std::string render(const v1::ListSandboxesReply& reply);
std::string render(const v1::GetSandboxReply& reply);
std::string render(const v1::ListVolumesReply& reply);
std::string render(const v1::VersionReply& reply);

/// The same with every column.
std::string render_wide(const v1::ListVolumesReply& reply);

/// The shares alone, for `share ls`.
std::string render_shares(const v1::GetSandboxReply& reply);

} // namespace fsshare::ctl
