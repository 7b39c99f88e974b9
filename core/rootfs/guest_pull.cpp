// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/guest_pull.hpp"

#include "core/text/json_text.hpp"

#include <string_view>
#include <utility>

namespace fsshare {

namespace {

constexpr const char* containerd_type = "io.kubernetes.cri.container-type";
constexpr const char* crio_type = "io.kubernetes.cri-o.ContainerType";
constexpr const char* kata_type = "io.katacontainers.pkg.oci.container_type";
constexpr const char* containerd_image = "io.kubernetes.cri.image-name";
constexpr const char* crio_image = "io.kubernetes.cri-o.ImageName";
constexpr const char* driver = "image_guest_pull";

std::string value_of(const string_map& annotations, const char* key) {
  const auto found = annotations.find(key);
  return found == annotations.end() ? std::string{} : found->second;
}

} // namespace

result<std::string> image_reference(const string_map& annotations) {
  const bool is_crio = annotations.contains(crio_type);
  const bool has_cri = is_crio || annotations.contains(containerd_type);
  if (has_cri && value_of(annotations, kata_type) == "pod_sandbox")
    return std::string{"pause"};
  const auto* key = is_crio && !annotations.contains(containerd_type)
                      ? crio_image
                      : containerd_image;
  auto image = value_of(annotations, key);
  if (image.empty())
    return error{errc::invalid_argument,
                 std::string{"the guest cannot pull an image without a name: "
                             "annotation "}
                   + key + " is missing"};
  return image;
}

result<storage> guest_pull_storage(const string_map& metadata,
                                   const string_map& annotations,
                                   const std::string& mount_point) {
  auto image = image_reference(annotations);
  if (!image)
    return image.err();
  auto all = annotations;
  all.insert(metadata.begin(), metadata.end());
  storage out;
  out.driver = driver;
  out.driver_options
    = {std::string{driver} + R"(={"metadata":)" + json_object(all) + "}"};
  out.source = *std::move(image);
  out.fstype = "overlay";
  out.mount_point = mount_point;
  return out;
}

} // namespace fsshare
