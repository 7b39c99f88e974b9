// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Arguments that several commands have. Each writes into a request that it
/// keeps alive.
namespace fsshare::ctl {

template <class Request>
std::shared_ptr<Request> make_request() {
  return std::make_shared<Request>();
}

template <class Request>
void add_sandbox(CLI::App* app, const std::shared_ptr<Request>& request) {
  app
    ->add_option_function<std::string>(
      "SANDBOX",
      [request](const std::string& id) {
        request->set_sandbox_id(id);
      },
      "Id of the sandbox")
    ->required();
}

template <class Request>
void add_container(CLI::App* app, const std::shared_ptr<Request>& request) {
  app
    ->add_option_function<std::string>(
      "CONTAINER",
      [request](const std::string& id) {
        request->set_container_id(id);
      },
      "Id of the container")
    ->required();
}

template <class Request>
void add_container_name(CLI::App* app,
                        const std::shared_ptr<Request>& request) {
  app->add_option_function<std::string>(
    "--name",
    [request](const std::string& name) {
      request->set_container_name(name);
    },
    "What people call the container; shown beside its id");
}

/// Adds an option that may be given again; `take` gets each value.
inline void add_repeated(CLI::App* app, const char* name,
                         std::function<void(const std::string&)> take,
                         const std::string& about) {
  app
    ->add_option_function<std::vector<std::string>>(
      name,
      [take = std::move(take)](const std::vector<std::string>& values) {
        for (const auto& value : values)
          take(value);
      },
      about + "; may be given again")
    ->expected(1)
    ->take_all();
}

/// Adds the configuration file of the node agent.
template <class Request>
void add_config_file(CLI::App* app, const std::shared_ptr<Request>& request) {
  app
    ->add_option_function<std::string>(
      "--config",
      [request](const std::string& file) {
        request->config_file = file;
      },
      "Configuration file of fsshared")
    ->type_name("FILE");
}

/// Adds type and options of something that is mounted.
template <class Request, class Part>
void add_mount_options(CLI::App* app, const std::shared_ptr<Request>& request,
                       Part part) {
  app->add_option_function<std::string>(
    "--type",
    [request, part](const std::string& type) {
      part(*request)->set_type(type);
    },
    "Type of the mount, such as bind");
  add_repeated(
    app, "--option",
    [request, part](const std::string& word) {
      part(*request)->add_options(word);
    },
    "Option of the mount, such as rbind");
}

} // namespace fsshare::ctl
