# SPDX-License-Identifier: Apache-2.0
# Plants breaches of the include rules in small trees of its own, to see that
# check_layers.cmake finds each and nothing else.
# Run: cmake -DSCRATCH=DIR -P check_layers_test.cmake
cmake_minimum_required(VERSION 3.25)

# Checks a tree that holds one file with the given lines. `expected` is text of
# the complaint; empty if there must be none.
function(expect expected file)
  file(REMOVE_RECURSE "${SCRATCH}")
  list(JOIN ARGN "\n" text)
  file(WRITE "${SCRATCH}/${file}" "${text}\n")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" "-DROOT=${SCRATCH}"
      -P "${CMAKE_CURRENT_LIST_DIR}/check_layers.cmake"
    RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  string(FIND "${said}" "${expected}" at)
  if(expected STREQUAL "" AND NOT code EQUAL 0)
    message(SEND_ERROR "refused: ${file} with ${ARGN}: ${said}")
  elseif(NOT expected STREQUAL "" AND (code EQUAL 0 OR at EQUAL -1))
    message(SEND_ERROR "missed: ${file} with ${ARGN}: ${said}")
  endif()
endfunction()

expect("" core/a.cpp
  "#include \"core/a.hpp\"" "#include <string>" "#include <cstring>")
expect("core/ must not include <caf/all.hpp>" core/a.cpp
  "#include <caf/all.hpp>")
expect("core/ must not include <thread>" core/a.cpp "#include <thread>")
expect("core/ must not include \"sys/a.hpp\"" core/a.hpp
  "#include \"sys/a.hpp\"")
expect("must not speak of locks" core/a.hpp "std::lock_guard guard{m};")
foreach(folder actors core log main messages sys ttrpc)
  expect("stands in core/pacing.hpp" ${folder}/a.cpp
    "constexpr std::chrono::milliseconds pause{20}\\;")
  expect("stands in core/pacing.hpp" ${folder}/a.hpp
    "  static constexpr auto pause = std::chrono::seconds{1}\\;")
endforeach()
expect("" core/pacing.hpp "inline constexpr seconds pause{20}\\;")
expect("" core/a.hpp "constexpr auto pause = pacing::pause\\;")
expect("" sys/a.cpp
  "#include <unistd.h>" "#include <linux/fs.h>" "#include <mutex>")
expect("sys/ must not include \"ttrpc/a.hpp\"" sys/a.cpp
  "#include \"ttrpc/a.hpp\"")
foreach(folder
    core json ttrpc config log messages actors guest ctl main)
  foreach(header unistd.h fcntl.h sched.h poll.h sys/stat.h linux/mount.h
      netinet/in.h)
    expect("${folder}/ must not include <${header}>" ${folder}/a.cpp
      "#include <${header}>")
  endforeach()
endforeach()
foreach(folder core json sys ttrpc config log guest ctl bench)
  expect("${folder}/ must not include <caf/actor.hpp>" ${folder}/a.hpp
    "  #  include <caf/actor.hpp>")
endforeach()
foreach(folder core json sys config log messages main)
  expect("${folder}/ must not include \"proto/agent.pb.h\"" ${folder}/a.cpp
    "#include \"proto/agent.pb.h\"")
endforeach()
foreach(folder ttrpc actors guest ctl tests)
  expect("" ${folder}/a.cpp "#include \"proto/agent.pb.h\"")
endforeach()
foreach(folder messages actors main tests)
  expect("" ${folder}/a.cpp "#include <caf/all.hpp>")
endforeach()
expect("messages/ must not include \"actors/a.hpp\"" messages/a.hpp
  "#include \"actors/a.hpp\"")
expect("" actors/node.cpp "#include \"actors/node.hpp\"")
expect("" actors/api_server.cpp "#include \"actors/api_convert.hpp\"")
expect("of another" actors/node.cpp "#include \"actors/sandbox.hpp\"")
expect("of another" actors/node.cpp "#include \"actors/nodes.hpp\"")
expect("actors/ must not include \"config/a.hpp\"" actors/a.cpp
  "#include \"config/a.hpp\"")
expect("" actors/a.cpp "#include \"json/a.hpp\"")
expect("" json/a.cpp "#include <nlohmann/json.hpp>" "#include \"core/a.hpp\"")
expect("json/ must not include \"config/a.hpp\"" json/a.cpp
  "#include \"config/a.hpp\"")
expect("actors/ must not include <nlohmann/json.hpp>" actors/a.cpp
  "#include <nlohmann/json.hpp>")
expect("" tests/a.cpp "#include <httplib.h>")
foreach(folder core json sys actors guest ctl main)
  expect("${folder}/ must not include <httplib.h>" ${folder}/a.cpp
    "#include <httplib.h>")
endforeach()
# Each rank of the rooms: a breach of it is refused, what it allows is not.
include("${CMAKE_CURRENT_LIST_DIR}/folders.cmake")
foreach(folder core sys)
  foreach(own IN LISTS rooms_${folder})
    expect("${folder}/ must not include \"${folder}/${own}/a.hpp\"" ${folder}/a.hpp
      "#include \"${folder}/${own}/a.hpp\"")
    expect("" ${folder}/${own}/a.hpp "#include \"${folder}/b.hpp\"")
    foreach(other IN LISTS rooms_${folder})
      set(refused
        "${folder}/${own} must not include \"${folder}/${other}/b.hpp\"")
      if(other STREQUAL own OR other IN_LIST may_${folder}_${own})
        set(refused "")
      endif()
      expect("${refused}" ${folder}/${own}/a.cpp
        "#include \"${folder}/${other}/b.hpp\"")
    endforeach()
  endforeach()
  expect("${folder}/ has no room other/" ${folder}/other/a.hpp
    "#include <string>")
endforeach()
foreach(folder actors main)
  expect("which is for" ${folder}/a.cpp "#include \"sys/standin/a.hpp\"")
endforeach()
foreach(folder guest tests)
  expect("" ${folder}/a.cpp "#include \"sys/standin/a.hpp\"")
endforeach()
expect("in a circle" core/a.hpp "#include \"core/a.hpp\"")
expect("does not name json" .clang-tidy "HeaderFilterRegex: \"/(core|sys)/\"")
expect("has no core/text/" ARCHITECTURE.md "| `core/` | ranks |")
expect("must not speak of locks" actors/a.cpp "std::mutex m;")
expect("guest/ must not include \"actors/a.hpp\"" guest/a.cpp
  "#include \"actors/a.hpp\"")
expect("ctl/ must not include \"sys/a.hpp\"" ctl/a.cpp "#include \"sys/a.hpp\"")
expect("config/ must not include <spdlog/spdlog.h>" config/a.cpp
  "#include <spdlog/spdlog.h>")
expect("" tests/unit/a_test.cpp
  "#include <sys/stat.h>" "#include <doctest/doctest.h>")
expect("no folder util/" util/a.hpp "#include <string>")
expect("belong in a folder" a.cpp "#include <string>")
expect("is no file of this tree" core/a.cpp "#include \"a.hpp\"")
expect("has no source files" docs/a.md "# a")
file(REMOVE_RECURSE "${SCRATCH}")
