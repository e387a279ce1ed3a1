//! Connections that have proved their key and have yet to greet: of each node the newest only. An older one is of an
//! attempt that the node has given up; without this it would be asked for half a minute whether it lives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::NodeId;
use tokio::sync::Notify;

/// Who is at the door.
#[derive(Default)]
pub(crate) struct Door(Mutex<BTreeMap<NodeId, Arc<Notify>>>);

/// One of them, until it is dropped.
pub(crate) struct Knock<'a> {
    door: &'a Door,
    node: NodeId,
    newer: Arc<Notify>,
}

impl Door {
    /// A node has come; an older connection of it is told.
    pub fn knock(&self, node: NodeId) -> Knock<'_> {
        let newer = Arc::new(Notify::new());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(older) = waiting.insert(node, newer.clone()) {
            older.notify_one();
        }
        Knock { door: self, node, newer }
    }
}

impl Knock<'_> {
    /// Waits until the node comes by a newer connection.
    pub async fn replaced(&self) {
        self.newer.notified().await;
    }
}

impl Drop for Knock<'_> {
    fn drop(&mut self) {
        let mut waiting = self.door.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.get(&self.node).is_some_and(|newest| Arc::ptr_eq(newest, &self.newer)) {
            waiting.remove(&self.node);
        }
    }
}
