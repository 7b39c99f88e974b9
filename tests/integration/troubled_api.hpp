// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest/guest_api.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace fsshare::test {

/// A guest agent that does the work and yet answers wrongly, as no option of
/// fsshare-guest makes it. For test::ttrpc_server.
class troubled_api {
public:
  enum class trouble : std::uint8_t {
    /// Its policy denies each second switch of `..data`.
    denies,
    /// Each fifth CopyFile is sent back as if it were the answer.
    sends_back,
    /// Each fifth CopyFile is answered with bytes that are no frame.
    babbles,
  };

  /// @param root The directory that stands for its share.
  troubled_api(const std::string& root, trouble what);

  bytes answer(const ttrpc::server_session& session,
               const ttrpc::request& call);

private:
  guest::guest_api api_;
  trouble what_;
  std::atomic<std::uint64_t> copies_{0};
  std::atomic<std::uint64_t> flips_{0};
};

} // namespace fsshare::test
