// SPDX-License-Identifier: Apache-2.0
#include "core/text/labels.hpp"
#include "log/known_names.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using fsshare::log::known_names;

namespace {

std::string line(const known_names& names, const log::fields& values) {
  return log::render(log_format::logfmt, "e", values, names.names_for(values));
}

} // namespace

TEST_SUITE_BEGIN("log/known_names");

TEST_CASE("labels are joined in the order of their names") {
  CHECK(joined(label_map{}).empty());
  CHECK(joined(label_map{{"pod", "web"}, {"namespace", "default"}})
        == "namespace=default,pod=web");
}

TEST_CASE("a line about a sandbox has its labels, one about a container its "
          "name") {
  known_names names;
  names.name_sandbox("s1", "pod=web");
  names.name_container("s1", "c1", "nginx");
  CHECK(line(names, {{"sandbox", "s1"}, {"container", "c1"}})
        == "event=e sandbox=s1 container=c1 container_name=nginx "
           "labels=\"pod=web\"");
  CHECK(line(names, {{"sandbox", "s1"}})
        == "event=e sandbox=s1 labels=\"pod=web\"");
  CHECK(line(names, {{"sandbox", "s1"}, {"container", "c2"}})
        == "event=e sandbox=s1 container=c2 labels=\"pod=web\"");
  CHECK(line(names, {{"sandbox", "s2"}, {"container", "c1"}})
        == "event=e sandbox=s2 container=c1");
  CHECK(line(names, {{"container", "c1"}}) == "event=e container=c1");
  CHECK(log::render(log_format::json, "e", {{"sandbox", "s1"}},
                    names.names_for({{"sandbox", "s1"}}))
        == R"("event":"e","sandbox":"s1","labels":"pod=web")");
}

TEST_CASE("what is forgotten is in no line, and another sandbox's stays") {
  known_names names;
  names.name_sandbox("s1", "a=1");
  names.name_sandbox("s2", "a=2");
  names.name_container("s1", "c1", "one");
  names.name_container("s1", "c1", "");
  CHECK(line(names, {{"sandbox", "s1"}, {"container", "c1"}})
        == "event=e sandbox=s1 container=c1 labels=\"a=1\"");
  names.name_container("s1", "c1", "one");
  names.forget("s1");
  CHECK(line(names, {{"sandbox", "s1"}, {"container", "c1"}})
        == "event=e sandbox=s1 container=c1");
  CHECK(line(names, {{"sandbox", "s2"}})
        == "event=e sandbox=s2 labels=\"a=2\"");
  names.name_sandbox("s2", "");
  CHECK(line(names, {{"sandbox", "s2"}}) == "event=e sandbox=s2");
}

TEST_SUITE_END();
