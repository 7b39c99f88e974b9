// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/api/orphan_types.hpp"
#include "core/text/utf8.hpp"
#include "proto/fsshare.pb.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Parts of the messages of proto/fsshare.proto, from and to the types of
/// core/api/api_types.hpp, field by field and without any check; enum values
/// that the proto does not know become `unspecified`. Text on its way out is
/// made valid UTF-8, as protobuf wants it: file names can be any bytes. Lists
/// end where the reply would not fit a frame, and say how many there are more.
namespace fsshare::wire {

using texts = google::protobuf::RepeatedPtrField<std::string>;

template <class T>
using list = google::protobuf::RepeatedPtrField<T>;

/// What each of the lists inside of an entry may have.
constexpr std::size_t max_inner_entries = 1000;
constexpr std::size_t max_inner_bytes = std::size_t{256} << 10;

/// What a reply may still list.
class room {
public:
  explicit room(std::size_t bytes) : left_(bytes) {
  }
  /// Takes what an entry needs with its tag and length; false if it does not
  /// fit, and then nothing does any more, so that lists end and have no holes.
  bool take(std::size_t bytes) {
    constexpr std::size_t frame = 8;
    left_ = bytes + frame <= left_ ? left_ - bytes - frame : 0;
    return left_ > 0;
  }

private:
  std::size_t left_;
};

std::vector<std::string> to_vector(const texts& in);
sharing_mode to_mode(v1::SharingMode mode);
mount_entry to_mount(const v1::Mount& in);
/// Values that the proto does not know become one that checked() refuses.
guest_policy to_policy(v1::GuestPolicy policy);
block_device to_block(const v1::BlockDevice& in);

void put(const std::vector<std::string>& in, texts* out);
void put(const label_map& in,
         google::protobuf::Map<std::string, std::string>* out);
void put(const storage& in, v1::Storage* out);
void put(const mount_entry& in, v1::Mount* out);
void put(const copy_progress& in, v1::Progress* out);
void put(const share_status& in, v1::ShareStatus* out);
void put(const owner_status& in, v1::Owner* out);
void put(const sandbox_status& in, v1::SandboxStatus* out);
void put(const destination_status& in, v1::DestinationStatus* out);
/// With the first of what stays, so that all that were taken away for a request
/// fit a reply.
void put(const orphan& in, v1::Orphan* out);
void put(const aside_file& in, v1::AsideFile* out);

/// Fills in as many as there is room for.
/// @returns how many there are more.
std::uint64_t put_some(const std::vector<std::string>& in, texts* out);

/// What follows a page.
struct page_end {
  /// How many entries of the list come behind it.
  std::uint64_t more = 0;
  /// What to ask for the next one with; empty where that is all.
  std::string next = {};
};

/// Fills in a page, as much of it as there is room for.
page_end put_page(const share_page& in, list<v1::ShareStatus>* out, room& left);
/// The same of volumes, each with as many destinations as fit. A volume whose
/// destinations are parted comes again.
page_end put_page(const volume_page& in, const volume_cursor& after,
                  list<v1::VolumeStatus>* out, room& left);

/// Fills in anything that has a path and a reason.
/// @returns how many there are more.
template <class T>
std::uint64_t put_reasons(const std::vector<T>& in, list<v1::PathReason>* out) {
  room left{max_inner_bytes};
  for (const auto& each : in) {
    v1::PathReason made;
    made.set_path(valid_utf8(each.path));
    made.set_reason(valid_utf8(each.reason));
    if (static_cast<std::size_t>(out->size()) == max_inner_entries
        || !left.take(made.ByteSizeLong()))
      break;
    *out->Add() = std::move(made);
  }
  return in.size() - static_cast<std::size_t>(out->size());
}

/// Fills in as many as fit.
/// @returns how many there are more.
template <class In, class Out>
std::uint64_t put_some(const std::vector<In>& in, list<Out>* out, room& left) {
  for (const auto& each : in) {
    Out made;
    put(each, &made);
    if (!left.take(made.ByteSizeLong()))
      break;
    *out->Add() = std::move(made);
  }
  return in.size() - static_cast<std::size_t>(out->size());
}

template <class In, class Out>
void put_all(const std::vector<In>& in, list<Out>* out) {
  for (const auto& each : in)
    put(each, out->Add());
}

} // namespace fsshare::wire
