// SPDX-License-Identifier: Apache-2.0
#include "sys/errno_error.hpp"

#include <cerrno>
#include <cstring>
#include <string>

namespace fsshare {

errc errno_code(int number) noexcept {
  switch (number) {
  case 0: return errc::none;
  case EINVAL:
  case ENAMETOOLONG:
  case ELOOP: return errc::invalid_argument;
  case ENOENT:
  case ENODEV:
  case ENXIO: return errc::not_found;
  case EEXIST:
  case EADDRINUSE: return errc::already_exists;
  case EACCES:
  case EPERM: return errc::permission_denied;
  case ENOSPC:
  case EDQUOT:
  case EMFILE:
  case ENFILE:
  case ENOMEM:
  case ENOBUFS:
  case EFBIG:
  case EMLINK: return errc::resource_exhausted;
  case ENOTDIR:
  case EISDIR:
  case ENOTEMPTY:
  case EBUSY:
  case EROFS:
  case EXDEV: return errc::failed_precondition;
  case ENOSYS:
  case EOPNOTSUPP:
  case EAFNOSUPPORT: return errc::unimplemented;
  case ECONNREFUSED:
  case ECONNRESET:
  case ECONNABORTED:
  case ENOTCONN:
  case EPIPE:
  case EAGAIN:
  case EHOSTUNREACH:
  case ENETUNREACH: return errc::unavailable;
  case ETIMEDOUT: return errc::deadline_exceeded;
  case ECANCELED: return errc::cancelled;
  default: return errc::internal;
  }
}

error errno_error(int number, std::string_view call, std::string_view subject) {
  std::string text{call};
  text += ' ';
  text += subject;
  text += ": ";
  // strerror() may use a buffer that threads share.
  if (const auto* why = ::strerrordesc_np(number))
    text += why;
  else
    text += "errno " + std::to_string(number);
  return {errno_code(number), std::move(text)};
}

} // namespace fsshare
