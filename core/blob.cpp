#include "core/blob.hpp"

#include <utility>

namespace fsshare {

blob make_secret_blob(bytes data) {
  auto* owned = new bytes(std::move(data));
  return {owned, [](bytes* dying) {
            // Volatile writes: the compiler must not drop stores to memory
            // that is freed next.
            volatile auto* at = dying->data();
            for (size_t i = 0; i < dying->size(); ++i)
              at[i] = 0;
            delete dying;
          }};
}

} // namespace fsshare
