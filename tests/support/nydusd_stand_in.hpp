// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace httplib {
class Server;
struct Request;
struct Response;
} // namespace httplib

namespace fsshare::test {

/// Speaks the part of nydusd's HTTP API that we use, on a unix socket, and
/// remembers what it was asked. It mounts nothing. Safe to use from any thread.
class nydusd_stand_in {
public:
  /// Listens on `socket` at once; throws if it cannot.
  explicit nydusd_stand_in(const std::string& socket);
  /// Lets hanging calls go and stops listening.
  ~nydusd_stand_in();
  nydusd_stand_in(const nydusd_stand_in&) = delete;
  nydusd_stand_in& operator=(const nydusd_stand_in&) = delete;

  /// Returns mountpoint → body of the mount call, of what is mounted now.
  std::map<std::string, std::string> mounted() const;
  /// Returns all calls but those for its state: method and raw target.
  std::vector<std::string> calls() const;

  /// What it says it is; RUNNING at first.
  void set_state(const std::string& state);
  /// Answers mount and umount calls with this and does nothing; 0 ends it.
  void fail_with(int status, const std::string& body);
  /// Mount calls are carried out, but never answered.
  void hang_mounts(bool on);

private:
  void answer_state(httplib::Response& out) const;
  void mount(const httplib::Request& in, httplib::Response& out);
  void unmount(const httplib::Request& in, httplib::Response& out);
  bool note(const httplib::Request& in, httplib::Response& out);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> mounted_;
  std::vector<std::string> calls_;
  std::string state_ = "RUNNING";
  int fail_status_ = 0;
  std::string fail_body_;
  bool hanging_ = false;
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
};

} // namespace fsshare::test
