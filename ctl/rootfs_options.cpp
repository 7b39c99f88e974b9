// SPDX-License-Identifier: Apache-2.0
#include "ctl/rootfs_options.hpp"

#include "ctl/command_options.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace fsshare::ctl {

namespace {

using request_ptr = std::shared_ptr<v1::ShareRootFilesystemRequest>;

/// Splits `text` at the first `at`; what follows is empty without one.
std::pair<std::string, std::string> split(std::string_view text, char at) {
  const auto found = text.find(at);
  if (found == std::string_view::npos)
    return {std::string{text}, {}};
  return {std::string{text.substr(0, found)},
          std::string{text.substr(found + 1)}};
}

/// Puts an address where the driver's addresses are. The node agent judges
/// both.
void set_address(v1::BlockDevice& device, const std::string& address) {
  const auto& driver = device.driver();
  if (driver == "virtio-blk")
    device.set_pci_path(address);
  else if (driver == "virtio-blk-ccw")
    device.set_ccw_device(address);
  else if (driver == "virtio-scsi")
    device.set_scsi_address(address);
  else if (driver == "nvdimm")
    device.set_pmem_id(address);
  else
    device.set_virt_path(address);
}

/// Reads DRIVER:ADDRESS.
void read_device(std::string_view text, v1::BlockDevice& into) {
  auto [driver, address] = split(text, ':');
  into.set_driver(driver);
  set_address(into, address);
}

void add_text(CLI::App* app, const request_ptr& request, const char* name,
              const char* about,
              void (*take)(v1::ShareRootFilesystemRequest&,
                           const std::string&)) {
  app->add_option_function<std::string>(
    name,
    [request, take](const std::string& text) {
      take(*request, text);
    },
    about);
}

void add_block(CLI::App* app, const request_ptr& request) {
  auto* device = app->add_option_function<std::string>(
    "--block",
    [request](const std::string& text) {
      read_device(text, *request->mutable_block());
    },
    "Block device that holds it, as DRIVER:ADDRESS, such as "
    "virtio-blk:01/02, virtio-scsi:0:1, virtio-mmio:/dev/vda, "
    "virtio-blk-ccw:0.0.0005 or nvdimm:0");
  app
    ->add_option_function<std::string>(
      "--block-fstype",
      [request](const std::string& fstype) {
        request->mutable_block()->set_fstype(fstype);
      },
      "Filesystem on that device")
    ->needs(device);
}

} // namespace

void add_rootfs_options(CLI::App* app, const request_ptr& request) {
  request->mutable_rootfs()->set_suffix("rootfs");
  add_text(app, request, "TARGET",
           "Directory on the host; needed where it is to be bound",
           [](v1::ShareRootFilesystemRequest& r, const std::string& text) {
             r.mutable_rootfs()->set_target(text);
           });
  add_text(app, request, "--source", "What the runtime mounted there",
           [](v1::ShareRootFilesystemRequest& r, const std::string& text) {
             r.mutable_rootfs()->set_source(text);
           });
  app
    ->add_option_function<std::string>(
      "--suffix",
      [request](const std::string& suffix) {
        request->mutable_rootfs()->set_suffix(suffix);
      },
      "Directory below the container's guest path")
    ->default_str("rootfs");
  add_block(app, request);
  add_repeated(
    app, "--device",
    [request](const std::string& text) {
      const auto [path, block] = split(text, '=');
      auto* device = request->add_devices();
      device->set_container_path(path);
      read_device(block, *device->mutable_block());
    },
    "Device of the container, as CONTAINER_PATH=DRIVER:ADDRESS");
  add_repeated(
    app, "--annotation",
    [request](const std::string& text) {
      const auto [name, value] = split(text, '=');
      (*request->mutable_annotations())[name] = value;
    },
    "Annotation of the container, as NAME=VALUE");
}

} // namespace fsshare::ctl
