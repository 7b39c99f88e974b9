// SPDX-License-Identifier: Apache-2.0
#include "core/text/labels.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_CASE("labels name a pod as the kubelet does, or in plain words") {
  CHECK(pod_of({}) == pod_name{});
  CHECK(pod_of({{"app", "web"}}) == pod_name{});
  CHECK(pod_of({{"pod", "web-0"}, {"namespace", "shop"}})
        == pod_name{"shop", "web-0"});
  CHECK(pod_of({{"pod", "other"},
                {"io.kubernetes.pod.name", "web-0"},
                {"io.kubernetes.pod.namespace", "shop"}})
        == pod_name{"shop", "web-0"});
  CHECK(joined({{"b", "2"}, {"a", "1"}}) == "a=1,b=2");
}
