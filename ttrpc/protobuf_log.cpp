// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/protobuf_log.hpp"

#include <google/protobuf/stubs/logging.h>

#include <utility>

namespace fsshare::ttrpc {

namespace {

std::function<void(const std::string&)>& receiver() {
  static std::function<void(const std::string&)> to;
  return to;
}

void take(google::protobuf::LogLevel /*level*/, const char* /*file*/,
          int /*line*/, const std::string& message) {
  if (const auto& to = receiver())
    to(message);
}

} // namespace

void catch_protobuf_messages(std::function<void(const std::string&)> to) {
  receiver() = std::move(to);
  google::protobuf::SetLogHandler(take);
}

} // namespace fsshare::ttrpc
