#include "messages/errors.hpp"

#include <string>

namespace fsshare {

caf::error to_caf(const error& err) {
  // Code 0 would be "no error" and vanish.
  const auto code = err.code == errc::none ? errc::unknown : err.code;
  return caf::make_error(code, err.message);
}

error from_caf(const caf::error& err) {
#if FSSHARE_CAF_1 || CAF_VERSION >= 1800
  const bool ours = err.category() == caf::type_id_v<errc>;
#else
  const bool ours = err.category() == caf::atom("fsshare");
#endif
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

} // namespace fsshare
