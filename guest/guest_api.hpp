// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"
#include "guest/file_store.hpp"
#include "ttrpc/envelope.hpp"
#include "ttrpc/server_session.hpp"

namespace fsshare::guest {

/// Whether a call is a CopyFile, which the faults of the stand-in count.
bool is_copy_file(const ttrpc::request& call);

/// What a guest agent answers: grpc.AgentService/CopyFile, grpc.Health/Check
/// and grpc.Health/Version. Like its store it is passive, without state, and to
/// be called by any number of threads at once.
class guest_api {
public:
  explicit guest_api(file_store store);

  /// Carries a call out and returns the payload of its answer. UNKNOWN for a
  /// payload that is no such message, or has a path that is not UTF-8.
  /// @param session Says what unknown names are answered with.
  result<bytes> answer(const ttrpc::server_session& session,
                       const ttrpc::request& call) const;

private:
  result<bytes> copy_file(byte_view payload) const;
  result<bytes> version() const;

  file_store store_;
};

} // namespace fsshare::guest
