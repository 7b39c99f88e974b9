// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"
#include "core/copy/copy_schedule.hpp"

namespace fsshare::ttrpc {

/// Service and method names of the guest agent.
constexpr const char* agent_service = "grpc.AgentService";
constexpr const char* copy_file_method = "CopyFile";
constexpr const char* health_service = "grpc.Health";
constexpr const char* check_method = "Check";
constexpr const char* version_method = "Version";

/// Returns grpc.CopyFileRequest for one request of a plan, but for the bytes of
/// its `data` field: these follow it on the wire, so that file contents are
/// copied once, into the frame.
/// @param data_bytes Length of what follows; for a symlink its target's.
bytes copy_file_head(const copy_step& step, std::uint64_t offset,
                     std::size_t data_bytes);

} // namespace fsshare::ttrpc
