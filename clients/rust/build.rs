// SPDX-License-Identifier: Apache-2.0
//! Generates the messages from the one proto file of the project, so that they
//! cannot differ from it. Nothing but crates is needed for that: no protoc.

fn main() {
    const PROTO: &str = "../../proto/fsshare.proto";
    println!("cargo:rerun-if-changed={PROTO}");
    protobuf_codegen::Codegen::new()
        .pure()
        .include("../../proto")
        .input(PROTO)
        .cargo_out_dir("api")
        .run_from_script();
}
