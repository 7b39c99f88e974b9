// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"
#include "ttrpc/envelope.hpp"
#include "ttrpc/frame.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fsshare::ttrpc {

/// What a server refuses and how it writes a success: as containerd/ttrpc in
/// Go does, or as the Rust guest agents of Kata do.
enum class server_rules : std::uint8_t { go, guest };

/// The server's side of one ttrpc connection: bytes in, requests out; replies
/// in, bytes out. Passive and without threads; who owns it drives it. When the
/// peer ends its side of the stream, the owner closes the connection.
class server_session {
public:
  explicit server_session(server_rules rules);

  /// Takes what arrived and returns the requests that it completes. Frames
  /// that break the rules are answered in the output; those of an unknown type
  /// are ignored and counted.
  std::vector<request> receive(byte_view data);

  /// The frame that is not complete, if the bytes so far end inside one.
  struct open_frame {
    /// Of all frames of the connection, from 0.
    std::uint64_t number = 0;
    /// What is kept of it.
    std::size_t bytes = 0;
  };
  std::optional<open_frame> unfinished() const;

  /// Number of frames that were ignored.
  std::uint64_t ignored_frames() const;

  /// Takes the answers of the session itself; to be sent after receive().
  bytes take_output();

  /// Returns the frame that answers a request. Touches nothing of the session
  /// but its rules: any thread may call it at any time.
  /// @param payload Ignored unless `code` is `errc::none`. If it makes the
  ///        frame larger than 4 MiB, `errc::resource_exhausted` is answered.
  bytes respond(std::uint32_t stream, errc code, std::string_view message,
                byte_view payload) const;

  /// Returns the frame that answers with a failure.
  bytes respond(std::uint32_t stream, const error& failure) const;

  /// Returns what is to be answered to a request for a service that the owner
  /// does not have.
  error unknown_service(const request& call) const;

  /// Returns what is to be answered to a request for a method that its service
  /// does not have.
  error unknown_method(const request& call) const;

private:
  void refuse(std::uint32_t stream, errc code, std::string_view message);
  void take_request(const frame& arrived, std::vector<request>& into);

  server_rules rules_;
  frame_decoder decoder_;
  bytes output_;
  std::uint32_t last_stream_ = 0;
  std::uint64_t ignored_ = 0;
};

} // namespace fsshare::ttrpc
