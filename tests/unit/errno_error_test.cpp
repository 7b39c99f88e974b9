// SPDX-License-Identifier: Apache-2.0
#include "sys/errno_error.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace fsshare;

TEST_SUITE_BEGIN("sys/errno_error");

TEST_CASE("the sentence names the call, its subject and the reason") {
  CHECK(errno_error(ENOENT, "open", "/a/b")
        == error{errc::not_found, "open /a/b: No such file or directory"});
  CHECK(errno_error(EPERM, "bind mount", "/a -> /b").message
        == "bind mount /a -> /b: Operation not permitted");
}

TEST_CASE("a number that nobody assigned is told as a number") {
  CHECK(errno_error(4000, "open", "/a")
        == error{errc::internal, "open /a: errno 4000"});
}

TEST_CASE("numbers become the code that the caller can act on") {
  CHECK(errno_code(EEXIST) == errc::already_exists);
  CHECK(errno_code(EACCES) == errc::permission_denied);
  CHECK(errno_code(ENOSPC) == errc::resource_exhausted);
  CHECK(errno_code(EMFILE) == errc::resource_exhausted);
  CHECK(errno_code(EINVAL) == errc::invalid_argument);
  CHECK(errno_code(EBUSY) == errc::failed_precondition);
  CHECK(errno_code(ECONNREFUSED) == errc::unavailable);
  CHECK(errno_code(EIO) == errc::internal);
  CHECK(errno_code(0) == errc::none);
}

TEST_SUITE_END();
