// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/pages.hpp"

#include <chrono>
#include <cstdint>
#include <google/protobuf/message.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace fsshare::ctl {

enum class output_format : std::uint8_t {
  table,
  /// With every column that there is.
  wide_table,
  json,
};

/// One call of the control API. The member functions return and take what
/// belongs to the method's types.
class command {
public:
  virtual ~command() = default;

  /// Of service `fsshare.v1.FilesystemShare`.
  virtual const char* method() const = 0;
  virtual const google::protobuf::Message& request() const = 0;
  /// Empty until somebody fills it in.
  virtual google::protobuf::Message& reply() = 0;
  /// To be asked after each reply.
  /// @returns whether that was but a part, and request() asks for the next one.
  virtual bool goes_on() = 0;
  /// Returns the reply as text for people.
  virtual std::string reply_text() const = 0;
  /// The same with all that there is room for on a wide terminal.
  virtual std::string wide_text() const = 0;
};

template <class Request, class Reply>
class call_command : public command {
public:
  using renderer = std::string (*)(const Reply&);

  /// @param render_wide For replies that have more to show.
  call_command(const char* method, Request request, renderer render,
               renderer render_wide)
    : method_(method), request_(std::move(request)), render_(render),
      render_wide_(render_wide) {
  }
  const char* method() const override {
    return method_;
  }
  const google::protobuf::Message& request() const override {
    return request_;
  }
  google::protobuf::Message& reply() override {
    return reply_;
  }
  bool goes_on() override {
    return take_page(request_, reply_, whole_);
  }
  std::string reply_text() const override {
    return render_(reply_);
  }
  std::string wide_text() const override {
    return render_wide_(reply_);
  }

private:
  const char* method_;
  Request request_;
  Reply reply_;
  /// Of the parts so far, where there are several.
  Reply whole_;
  renderer render_;
  renderer render_wide_;
};

/// What doctor is asked.
struct doctor_request {
  /// Configuration file of the node agent; empty for the default one, which
  /// need not be there.
  std::string config_file;
};

/// What gc is asked.
struct gc_request {
  /// As of doctor.
  std::string config_file;
  bool remove = false;
};

/// What events is asked.
struct events_request {
  /// Empty for all.
  std::string sandbox;
  std::string volume;
  /// Goes on with what happens next.
  bool follow = false;
};

/// What explain is asked.
struct explain_request {
  /// A volume's path, or the id of a share.
  std::string subject;
  /// Empty for all.
  std::string sandbox;
};

/// A whole command line.
struct invocation {
  /// Socket of the node agent, absolute; begins with `@` for the abstract name
  /// space.
  std::string endpoint;
  /// Whether the command line names it.
  bool endpoint_is_named = false;
  std::chrono::nanoseconds timeout{0};
  output_format format = output_format::table;
  /// Null for what asks for no call.
  std::unique_ptr<command> call;
  std::optional<doctor_request> doctor;
  std::optional<gc_request> gc;
  /// What is to be printed, and nothing else done.
  std::optional<std::string> text;
  std::optional<events_request> events;
  std::optional<explain_request> explain;
  /// Shows sandboxes and copies, again and again.
  bool is_top = false;
};

} // namespace fsshare::ctl
