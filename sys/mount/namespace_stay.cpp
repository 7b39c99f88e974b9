// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/namespace_stay.hpp"

namespace fsshare {

namespace {

error share_root_is(const held_root& own, const mount_namespace& where,
                    const std::string& what) {
  return {errc::failed_precondition, "share root " + own.path()
                                       + " in mount namespace " + where.path
                                       + " " + what};
}

} // namespace

result<std::unique_ptr<namespace_stay>>
namespace_stay::begin(const mount_namespace& where, const held_root& own,
                      bounded_calls& calls) {
  auto opened = open_same_namespace(where);
  if (!opened)
    return opened.err();
  auto inside = entered_namespace::enter(**opened);
  if (!inside)
    return inside.err();
  auto root = held_root::open(own.path());
  if (!root)
    return share_root_is(own, where,
                         "cannot be reached: " + root.err().message);
  // What lies in it is found, and taken away, from here as well.
  if (!root->is_same_directory(own))
    return share_root_is(own, where, "is another directory than here");
  const bool is_certain = where.id != 0 && (*opened)->which().id != 0;
  return std::unique_ptr<namespace_stay>{
    new namespace_stay{*std::move(opened), *std::move(inside), *std::move(root),
                       calls, is_certain}};
}

namespace_stay::namespace_stay(opened_namespace_ptr opened,
                               std::unique_ptr<entered_namespace> inside,
                               held_root root, bounded_calls& calls,
                               bool is_certain)
  : opened_(std::move(opened)), inside_(std::move(inside)),
    root_(std::move(root)), calls_(calls), is_certain_(is_certain) {
  calls_.surround([opened = opened_](const std::function<void()>& call) {
    const auto entered = entered_namespace::enter(*opened);
    if (!entered)
      return status{entered.err()};
    call();
    return status{unit{}};
  });
}

namespace_stay::~namespace_stay() {
  calls_.surround(nullptr);
}

} // namespace fsshare
