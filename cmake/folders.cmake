# SPDX-License-Identifier: Apache-2.0
# The folders of our source files, and what each may include. It is the one list
# of them: the layers test checks includes by it, and that .clang-tidy and
# ARCHITECTURE.md name each; the search for deleted trees goes through them.
#
# A folder may include what stands here: our folders by name; `proto` is
# generated protobuf code, `kernel` every C header that is neither the C++
# library's nor that of a library named in check_layers.cmake (<unistd.h>,
# <sys/...>, <linux/...>), `io` the parts of the C++ library that reach files,
# threads and streams.
set(all_folders
  core json sys ttrpc config log metrics messages actors guest ctl main bench
  tests)
set(may_core core)
set(may_json json core nlohmann)
set(may_sys sys core kernel io)
set(may_ttrpc ttrpc sys core proto protobuf io)
set(may_config config core nlohmann io)
set(may_log log core spdlog io)
set(may_metrics metrics core prometheus io)
set(may_messages messages core caf io)
set(may_actors actors messages sys ttrpc log metrics json core proto protobuf caf io)
set(may_guest guest core sys ttrpc proto protobuf io)
set(may_ctl ctl core config ttrpc proto protobuf cli io)
set(may_main core json sys ttrpc config log metrics messages actors guest ctl main caf cli
  spdlog nlohmann io)
set(may_bench core json sys ttrpc config log metrics messages actors guest ctl main
  bench tests proto protobuf cli nlohmann doctest benchmark kernel io)
set(may_tests core json sys ttrpc config log metrics messages actors guest ctl main
  bench tests proto protobuf caf cli nlohmann spdlog doctest rapidcheck httplib
  kernel io)

# Rooms: the folders in a folder, and which of them each may include beside
# itself and the files that lie beside the rooms, which include no room.
set(rooms_core text net metrics events copy volume api share mount rootfs journal doctor)
set(may_core_text)
set(may_core_net)
set(may_core_metrics)
set(may_core_events text)
set(may_core_copy text net)
set(may_core_volume text net copy)
set(may_core_api text net events copy volume)
set(may_core_share text net copy volume api)
set(may_core_mount text net copy volume api share)
set(may_core_rootfs text net copy volume api share mount)
set(may_core_journal text net copy volume api share mount rootfs)
set(may_core_doctor text net copy volume api share mount rootfs journal)

set(rooms_sys net process tree mount journal doctor standin)
set(may_sys_net)
set(may_sys_process net)
set(may_sys_tree net process)
set(may_sys_mount net process tree)
set(may_sys_journal)
set(may_sys_doctor net process tree mount journal)
set(may_sys_standin)

# What only these folders may include.
set(only_sys_standin sys guest tests)

# Folders whose programs may delete trees: they work in directories of their
# own.
set(may_delete_trees guest bench tests)
