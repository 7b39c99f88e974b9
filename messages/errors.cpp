// SPDX-License-Identifier: Apache-2.0
#include "messages/errors.hpp"

#include <string>
#include <system_error>

namespace fsshare {

caf::error to_caf(const error& err) {
  // Code 0 would be "no error" and vanish.
  const auto code = err.code == errc::none ? errc::unknown : err.code;
  return caf::make_error(code, err.message);
}

error from_caf(const caf::error& err) {
  const bool ours = err.category() == caf::atom("fsshare");
  if (ours) {
    std::string message;
    if (err.context().match_elements<std::string>())
      message = err.context().get_as<std::string>(0);
    return {to_errc(err.code()), std::move(message)};
  }
  if (err == caf::sec::request_receiver_down)
    return {errc::unavailable, "the actor asked is gone"};
  return {errc::internal, caf::actor_system_config::render(err)};
}

error describe_exception(const std::exception_ptr& thrown,
                         const std::string& where) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::system_error& failed) {
    // What std::thread throws (pthread_create(3)).
    if (failed.code() == std::errc::resource_unavailable_try_again)
      return {errc::resource_exhausted,
              where
                + ": no thread could be started, the limit of tasks is reached "
                  "(pids.max of the cgroup, TasksMax= of the unit, or "
                  "RLIMIT_NPROC)"};
    return {errc::internal, where + ": " + failed.what()};
  } catch (const std::exception& failed) {
    return {errc::internal, where + ": " + failed.what()};
  } catch (...) {
    return {errc::internal, where + ": an exception of an unknown type"};
  }
}

} // namespace fsshare
