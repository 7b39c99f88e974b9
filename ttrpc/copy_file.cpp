// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/copy_file.hpp"

#include "proto/agent.pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace fsshare::ttrpc {

namespace {

// Tag of `bytes data = 8`: field number and wire type 2 (length-delimited).
constexpr std::uint32_t data_tag = (8U << 3) | 2U;

} // namespace

bytes copy_file_head(const copy_step& step, std::uint64_t offset,
                     std::size_t data_bytes) {
  grpc::CopyFileRequest head;
  head.set_path(sent_path(step));
  head.set_file_size(static_cast<std::int64_t>(step.announced_size));
  head.set_file_mode(wire_mode(step));
  head.set_dir_mode(step.parent_mode);
  head.set_uid(static_cast<std::int32_t>(step.uid));
  head.set_gid(static_cast<std::int32_t>(step.gid));
  head.set_offset(static_cast<std::int64_t>(step.offset + offset));
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream{&out};
    google::protobuf::io::CodedOutputStream coded{&stream};
    head.SerializeToCodedStream(&coded);
    if (data_bytes > 0) {
      coded.WriteTag(data_tag);
      coded.WriteVarint64(data_bytes);
    }
  }
  return {out.begin(), out.end()};
}

} // namespace fsshare::ttrpc
