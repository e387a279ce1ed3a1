//! The tasks that drive connections. One whose handshake comes to nothing is ended here: a connection that was closed by
//! its very first packet would otherwise wait out the whole time that a silent one is given (seen in quinn-proto 0.11.19).

use std::cell::Cell;
use std::future::Future;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use tokio::task::AbortHandle;

thread_local! {
    /// The task that was begun last on this thread.
    static LAST: Cell<Option<AbortHandle>> = const { Cell::new(None) };
}

/// Tokio, remembering which task was begun last.
#[derive(Debug)]
pub(crate) struct Drivers;

impl Runtime for Drivers {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(at)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        LAST.set(Some(tokio::spawn(future).abort_handle()));
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> std::io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}

/// What drives one connection; it ends with this unless it is let go.
pub(crate) struct Driver(Option<AbortHandle>);

impl Driver {
    /// Of the connection that is begun by `begin` on an endpoint of these [`Drivers`].
    pub fn of<R>(begin: impl FnOnce() -> R) -> (R, Self) {
        LAST.set(None);
        let begun = begin();
        (begun, Self(LAST.take()))
    }

    /// The connection looks after itself from now on.
    pub fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
