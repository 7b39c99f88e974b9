// SPDX-License-Identifier: Apache-2.0
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use ttrpc::Code;

/// Why a call has no reply.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// fsshare refused or failed. The sentence names what was tried on what.
    #[error("{method}: {code:?}: {message}")]
    Status {
        method: &'static str,
        code: Code,
        message: String,
    },
    /// The deadline passed. What was asked for may still be done.
    #[error("{method}: not answered within {within:?}{}", last_of(.last))]
    Deadline {
        method: &'static str,
        within: Duration,
        /// What the last try ended with; none where that had no end.
        last: Option<Box<Error>>,
    },
    /// No connection could be made.
    #[error("connect to {}: {error}", .socket.display())]
    Connect { socket: PathBuf, error: io::Error },
    /// The connection ended, or what came over it was no answer.
    #[error("{method}: {message}")]
    Connection {
        method: &'static str,
        message: String,
    },
}

fn last_of(last: &Option<Box<Error>>) -> String {
    match last {
        Some(error) => format!("; the last try: {error}"),
        None => String::new(),
    }
}

impl Error {
    /// The code to branch on: fsshare's own, also behind a passed deadline;
    /// UNAVAILABLE where it could not be reached.
    pub fn code(&self) -> Code {
        match self {
            Error::Status { code, .. } => *code,
            Error::Deadline { last, .. } => match last {
                Some(error) => error.code(),
                None => Code::DEADLINE_EXCEEDED,
            },
            Error::Connect { .. } | Error::Connection { .. } => Code::UNAVAILABLE,
        }
    }

    /// Whether the same request may be answered otherwise a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Error::Status { code, .. } => matches!(
                code,
                Code::ABORTED | Code::UNAVAILABLE | Code::DEADLINE_EXCEEDED
            ),
            Error::Deadline { .. } => false,
            // Not there yet, gone for a restart, or too busy to accept. What the
            // permissions of the socket forbid does not pass.
            Error::Connect { error, .. } => matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::WouldBlock
                    | io::ErrorKind::Interrupted
            ),
            Error::Connection { .. } => true,
        }
    }

    /// Whether the connection that it came over is of no use any more.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(self, Error::Connection { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: Code) -> Error {
        Error::Status {
            method: "ShareFile",
            code,
            message: "open /a: it is so".into(),
        }
    }

    fn connect(kind: io::ErrorKind) -> Error {
        Error::Connect {
            socket: "/run/x.sock".into(),
            error: kind.into(),
        }
    }

    #[test]
    fn three_answers_pass() {
        for code in [Code::ABORTED, Code::UNAVAILABLE, Code::DEADLINE_EXCEEDED] {
            assert!(status(code).is_passing(), "{code:?}");
        }
        for code in [
            Code::INVALID_ARGUMENT,
            Code::NOT_FOUND,
            Code::ALREADY_EXISTS,
            Code::PERMISSION_DENIED,
            Code::RESOURCE_EXHAUSTED,
            Code::FAILED_PRECONDITION,
            Code::UNIMPLEMENTED,
            Code::INTERNAL,
            Code::UNKNOWN,
        ] {
            assert!(!status(code).is_passing(), "{code:?}");
        }
    }

    #[test]
    fn a_socket_that_is_not_there_may_come_and_a_forbidden_one_does_not() {
        assert!(connect(io::ErrorKind::NotFound).is_passing());
        assert!(connect(io::ErrorKind::ConnectionRefused).is_passing());
        assert!(connect(io::ErrorKind::WouldBlock).is_passing());
        assert!(!connect(io::ErrorKind::PermissionDenied).is_passing());
    }

    #[test]
    fn a_passed_deadline_says_what_the_last_try_said() {
        let error = Error::Deadline {
            method: "ShareFile",
            within: Duration::from_secs(3),
            last: Some(Box::new(status(Code::UNAVAILABLE))),
        };
        assert_eq!(error.code(), Code::UNAVAILABLE);
        assert_eq!(
            error.to_string(),
            "ShareFile: not answered within 3s; the last try: \
             ShareFile: UNAVAILABLE: open /a: it is so"
        );
        let silent = Error::Deadline {
            method: "Check",
            within: Duration::from_millis(20),
            last: None,
        };
        assert_eq!(silent.code(), Code::DEADLINE_EXCEEDED);
        assert_eq!(silent.to_string(), "Check: not answered within 20ms");
    }
}
