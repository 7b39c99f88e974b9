#include "sys/unix_http.hpp"

#include "sys/socket_address.hpp"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <httplib.h>
#include <sys/socket.h>

namespace fsshare {

namespace {

constexpr std::size_t max_body_bytes = std::size_t{64} << 10;
// AF_UNIX has no ports; httplib wants one.
constexpr int any_port = 80;

/// Stops a client at a deadline: httplib's own limits begin anew with every
/// byte that arrives.
class deadline_guard {
public:
  deadline_guard(httplib::Client& client, std::chrono::milliseconds within)
    : thread_([this, &client, within] {
        std::unique_lock lock{mutex_};
        // Again and again: the client may just be about to connect.
        for (auto wait = within; !ended_.wait_for(lock, wait,
                                                  [this] {
                                                    return is_over_;
                                                  });
             wait = std::chrono::milliseconds{10}) {
          has_passed_ = true;
          client.stop();
        }
      }) {
  }
  ~deadline_guard() {
    {
      const std::lock_guard lock{mutex_};
      is_over_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  deadline_guard(const deadline_guard&) = delete;
  deadline_guard& operator=(const deadline_guard&) = delete;

  bool has_passed() const {
    return has_passed_;
  }

private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  std::atomic<bool> has_passed_{false};
  std::thread thread_;
};

/// Tells a socket on which nobody listens from any other failure to connect.
bool is_deserted(const std::string& socket) {
  const auto address
    = to_socket_address({address_scheme::unix_socket, socket, 0, 0});
  if (!address)
    return false;
  const auto probe = open_socket(*address);
  if (!probe)
    return false;
  const auto number = begin_connect(probe->get(), *address);
  return number == ENOENT || number == ECONNREFUSED;
}

error failure(const std::string& socket, httplib::Error why, bool is_too_late) {
  const auto subject = "HTTP over " + socket + ": ";
  if (is_too_late)
    return {errc::deadline_exceeded, subject + "no answer in time"};
  if (why == httplib::Error::Connection && is_deserted(socket))
    return {errc::not_found, subject + "nobody listens"};
  if (why == httplib::Error::Canceled)
    return {errc::resource_exhausted, subject + "the answer is too long"};
  return {errc::unavailable, subject + httplib::to_string(why)};
}

} // namespace

result<http_answer> call_unix_http(const std::string& socket,
                                   const http_request& request,
                                   std::chrono::milliseconds within) {
  httplib::Client client{socket, any_port};
  client.set_address_family(AF_UNIX);
  client.set_url_encode(false);
  // The guard is the deadline: what httplib says at a limit of its own does not
  // tell that time has passed.
  const auto later = within + std::chrono::seconds{5};
  client.set_connection_timeout(later);
  client.set_read_timeout(later);
  client.set_write_timeout(later);
  http_answer answer;
  httplib::Request sent;
  sent.method = request.method;
  sent.path = request.target;
  sent.body = request.body;
  sent.set_header("Host", "unix");
  if (!request.body.empty())
    sent.set_header("Content-Type", "application/json");
  sent.content_receiver = [&answer](const char* data, std::size_t size,
                                    std::uint64_t, std::uint64_t) {
    if (size > max_body_bytes - answer.body.size())
      return false;
    answer.body.append(data, size);
    return true;
  };
  const deadline_guard guard{client, within};
  const auto got = client.send(sent);
  if (!got)
    return failure(socket, got.error(), guard.has_passed());
  answer.status = got->status;
  return answer;
}

} // namespace fsshare
