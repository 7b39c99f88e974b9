// SPDX-License-Identifier: Apache-2.0
#include "tests/support/nydusd_stand_in.hpp"

#include <stdexcept>

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

constexpr int any_port = 80;
constexpr int done = 204;
constexpr int bad_request = 400;
constexpr int failed = 500;
constexpr const char* json = "application/json";

// As nydusd 2 does (api/src/http_handler.rs).
void refuse(httplib::Response& out, int status, const std::string& message) {
  constexpr const char* begin
    = R"x({"code":"UNDEFINED","message":"Mount(MountFilesystem(Other(\")x";
  out.status = status;
  out.set_content(begin + message + R"x(\")))"})x", json);
}

} // namespace

nydusd_stand_in::nydusd_stand_in(const std::string& socket)
  : server_(std::make_unique<httplib::Server>()) {
  server_->set_address_family(AF_UNIX);
  server_->Get("/api/v1/daemon",
               [this](const httplib::Request&, httplib::Response& out) {
                 answer_state(out);
               });
  server_->Post("/api/v1/mount",
                [this](const httplib::Request& in, httplib::Response& out) {
                  mount(in, out);
                });
  server_->Delete("/api/v1/mount",
                  [this](const httplib::Request& in, httplib::Response& out) {
                    unmount(in, out);
                  });
  ::unlink(socket.c_str());
  if (!server_->bind_to_port(socket, any_port))
    throw std::runtime_error{"cannot listen on " + socket};
  thread_ = std::thread{[this] {
    server_->listen_after_bind();
  }};
  // Before that, stop() would do nothing.
  while (!server_->is_running())
    std::this_thread::yield();
}

nydusd_stand_in::~nydusd_stand_in() {
  hang_mounts(false);
  server_->stop();
  thread_.join();
}

std::map<std::string, std::string> nydusd_stand_in::mounted() const {
  const std::lock_guard lock{mutex_};
  return mounted_;
}

std::vector<std::string> nydusd_stand_in::calls() const {
  const std::lock_guard lock{mutex_};
  return calls_;
}

void nydusd_stand_in::set_state(const std::string& state) {
  const std::lock_guard lock{mutex_};
  state_ = state;
}

void nydusd_stand_in::fail_with(int status, const std::string& body) {
  const std::lock_guard lock{mutex_};
  fail_status_ = status;
  fail_body_ = body;
}

void nydusd_stand_in::hang_mounts(bool on) {
  const std::lock_guard lock{mutex_};
  hanging_ = on;
  changed_.notify_all();
}

void nydusd_stand_in::answer_state(httplib::Response& out) const {
  const std::lock_guard lock{mutex_};
  std::string images;
  for (const auto& image : mounted_)
    images += (images.empty() ? "\"" : ",\"") + image.first + R"(":{})";
  out.set_content(R"({"id":"stand-in","version":{},"state":")" + state_
                    + R"(","backend_collection":{)" + images + "}}",
                  json);
}

bool nydusd_stand_in::note(const httplib::Request& in, httplib::Response& out) {
  calls_.push_back(in.method + " " + in.target);
  if (fail_status_ == 0)
    return true;
  out.status = fail_status_;
  out.set_content(fail_body_, json);
  return false;
}

void nydusd_stand_in::mount(const httplib::Request& in,
                            httplib::Response& out) {
  std::unique_lock lock{mutex_};
  if (!note(in, out))
    return;
  const auto at = in.get_param_value("mountpoint");
  if (in.get_header_value("Content-Type") != json)
    return refuse(out, bad_request, "the body is no JSON");
  if (!mounted_.emplace(at, in.body).second)
    return refuse(out, failed, "object or filesystem already exists");
  changed_.wait(lock, [this] {
    return !hanging_;
  });
  out.status = done;
}

void nydusd_stand_in::unmount(const httplib::Request& in,
                              httplib::Response& out) {
  const std::lock_guard lock{mutex_};
  if (!note(in, out))
    return;
  if (mounted_.erase(in.get_param_value("mountpoint")) == 0)
    return refuse(out, failed, "object or filesystem doesn't exist");
  out.status = done;
}

} // namespace fsshare::test
