// SPDX-License-Identifier: Apache-2.0
use std::time::{Duration, Instant};

/// After this a test takes what does not happen for something that never will.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `look` has a result. Panics, with what was waited for, when it has
/// none for too long.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "this did not happen: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
