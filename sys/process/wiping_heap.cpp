// SPDX-License-Identifier: Apache-2.0
// Replaces operator new and delete of the program that this is linked into
// (C++20 [replacement.functions]): memory is overwritten with zeros when it is
// given back, whatever object of the program or of a library was in it. What
// was read from a Secret is so not found in free memory.
//
// The other forms are defined to call these. Sanitizers define each on its own
// instead, hence those that the libraries use are here, too.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include <malloc.h>

namespace {

/// Returns null if there is no memory.
void* take(std::size_t size, std::size_t alignment) noexcept {
  // Null would look like a failure, and a size must be a multiple of the
  // alignment (aligned_alloc(3)).
  const auto whole
    = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
  if (whole < size)
    return nullptr;
  return alignment <= alignof(std::max_align_t)
           ? std::malloc(whole)
           : std::aligned_alloc(alignment, whole);
}

void* take_or_throw(std::size_t size, std::size_t alignment) {
  for (;;) {
    if (auto* taken = take(size, alignment))
      return taken;
    const auto handler = std::get_new_handler();
    if (handler == nullptr)
      throw std::bad_alloc{};
    handler();
  }
}

void give_back(void* memory) noexcept {
  // All of it: a container may have used more than it was asked to. Unlike
  // memset, no compiler may leave this out (bzero(3)).
  if (memory != nullptr)
    ::explicit_bzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

} // namespace

void* operator new(std::size_t size) {
  return take_or_throw(size, 1);
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return take_or_throw(size, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  return take_or_throw(size, static_cast<std::size_t>(alignment));
}

void operator delete(void* memory) noexcept {
  give_back(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}

void operator delete(void* memory, const std::nothrow_t&) noexcept {
  give_back(memory);
}

void operator delete(void* memory, std::align_val_t) noexcept {
  give_back(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  give_back(memory);
}
