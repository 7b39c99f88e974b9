// SPDX-License-Identifier: Apache-2.0
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

/// How long to wait before each next try of a request: twice as long as before,
/// up to a second. After a restart of fsshare many shims try at once, so each
/// pause is cut by chance, by up to a half.
pub(crate) struct Pace {
    next: Duration,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Pace { next: FIRST }
    }

    /// The next pause, given any number at random.
    pub(crate) fn pause(&mut self, random: u64) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(LONGEST);
        let share = random as f64 / u64::MAX as f64;
        whole.mul_f64(1.0 - share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second() {
        let mut pace = Pace::new();
        let pauses: Vec<u128> = (0..9).map(|_| pace.pause(0).as_millis()).collect();
        assert_eq!(pauses, [20, 40, 80, 160, 320, 640, 1000, 1000, 1000]);
    }

    #[test]
    fn chance_takes_half_of_a_pause_at_most() {
        assert_eq!(Pace::new().pause(u64::MAX).as_millis(), 10);
        assert_eq!(Pace::new().pause(u64::MAX / 2).as_millis(), 15);
    }
}
