// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace fsshare {

/// What callers call a sandbox, by name; shown wherever it is.
using label_map = std::map<std::string, std::string>;

/// Returns `name=value,name=value`, empty for none.
std::string joined(const label_map& labels);

/// The pod of a sandbox; empty where nobody has told it.
struct pod_name {
  std::string space;
  std::string name;

  friend bool operator==(const pod_name&, const pod_name&) = default;
};

/// Returns the pod that labels name: as the kubelet names it to a runtime
/// (`io.kubernetes.pod.name`, `io.kubernetes.pod.namespace`), else as `pod` and
/// `namespace`.
pod_name pod_of(const label_map& labels);

} // namespace fsshare
