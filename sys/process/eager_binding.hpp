// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fsshare {

/// Begins this program anew, in the same process, with every function of every
/// library looked up at the start (LD_BIND_NOW, ld.so(8)); returns if that is
/// so, or cannot be. Whoever sets that variable, such as our unit, spares this.
/// Linking with `-z now` does not: that binds the program, not its libraries.
/// A function that is looked up at its first call has the registers saved on
/// the stack, with what was just copied through them, where it may stay. To be
/// called first of all.
/// @param argv Of main().
void bind_eagerly(char** argv);

} // namespace fsshare
