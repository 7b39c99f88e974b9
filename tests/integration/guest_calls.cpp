// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/guest_calls.hpp"

#include "proto/agent.pb.h"
#include "ttrpc/copy_file.hpp"
#include "ttrpc/envelope.hpp"

#include <stdexcept>

namespace fsshare::test {

namespace {

bytes call_frame(const ttrpc::request_head& head, byte_view payload) {
  bytes out;
  if (auto appended = ttrpc::append_request(out, head, {payload}); !appended)
    throw std::runtime_error(appended.err().message);
  return out;
}

} // namespace

bytes copy_file_frame(std::uint32_t stream, const std::string& name,
                      std::string_view data) {
  grpc::CopyFileRequest message;
  message.set_path("/run/kata-containers/shared/containers/" + name);
  message.set_file_size(static_cast<std::int64_t>(data.size()));
  message.set_file_mode(0100644);
  message.set_dir_mode(0755);
  // Whoever runs the test owns it.
  message.set_uid(-1);
  message.set_gid(-1);
  message.set_data(std::string{data});
  const auto text = message.SerializeAsString();
  return call_frame({stream, ttrpc::agent_service, ttrpc::copy_file_method, {}},
                    as_bytes(text));
}

bytes check_frame(std::uint32_t stream) {
  return call_frame({stream, ttrpc::health_service, ttrpc::check_method, {}},
                    {});
}

errc code_of(byte_view payload) {
  const auto reply = ttrpc::decode_response(payload);
  if (!reply)
    throw std::runtime_error("no response");
  return reply->code;
}

} // namespace fsshare::test
