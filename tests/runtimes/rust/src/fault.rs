// SPDX-License-Identifier: Apache-2.0

/// What goes wrong while a pod lives.
pub struct Fault {
    pub name: &'static str,
    /// Each call is made again by another client, as by a shim that died before it had
    /// the answer.
    pub twice: bool,
    /// A call that the guest failed is made again, as by the kubelet. What could not be
    /// removed may be left in the guest then.
    pub again: bool,
    /// Options of the guest.
    pub guest: &'static [&'static str],
}

pub const FAULTS: [Fault; 4] = [
    Fault {
        name: "without faults",
        twice: false,
        again: false,
        guest: &[],
    },
    Fault {
        name: "each call twice",
        twice: true,
        again: false,
        guest: &[],
    },
    Fault {
        name: "a connection is lost",
        twice: false,
        again: false,
        guest: &["--drop-after", "7"],
    },
    Fault {
        name: "requests fail",
        twice: false,
        again: true,
        guest: &["--fail-every", "31"],
    },
];

/// Guest agents up to the first one's successors remove nothing.
pub const PROFILES: [&str; 4] = ["3.3", "3.18", "4.0", "4.2"];
