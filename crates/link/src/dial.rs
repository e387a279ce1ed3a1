//! Dialling the hub, for ever, and listening for nodes that dial.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::NodeId;
use quinn::Endpoint;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Trouble;
use crate::quic::{self, Dialler};
use crate::session;
use crate::shared::Shared;

/// An attempt that has no answer by then is begun anew: within one, QUIC repeats itself ever more slowly.
const ATTEMPT: Duration = Duration::from_secs(10);
/// A session that lasted so long was a good one: the next is begun without a wait.
const STABLE_MS: u64 = 5000;
/// A peer that came by itself is looked at again after so long.
const MET: Duration = Duration::from_secs(2);
/// Changes are counted for peers that are away at most so often.
const COALESCE: Duration = Duration::from_millis(200);

/// Keeps up a session with the node at an address, until it is dialled anew, or no more: then it is not this `turn`.
pub(crate) async fn dial(shared: Arc<Shared>, dialler: Dialler, address: String, node: NodeId, turn: u64) {
    let mut stop = shared.stop.subscribe();
    let mut turns = shared.dials.subscribe();
    let is_over = |turns: &BTreeMap<NodeId, u64>| turns.get(&node) != Some(&turn);
    let mut wishes = shared.wishes();
    let mut wait_ms = 0;
    loop {
        // Two neighbours may dial each other: one session is enough, and a second would end the first.
        if is_over(&turns.borrow_and_update()) {
            return;
        }
        if shared.with_peer(node, |p| p.status.connected) {
            tokio::select! {
                () = sleep(MET) => continue,
                _ = turns.wait_for(is_over) => return,
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
        let attempt = timeout(ATTEMPT, dialler.dial(&address, node));
        let connection = tokio::select! {
            done = attempt => done.unwrap_or(Err(Trouble::Unreachable)),
            () = shared.wished(&mut wishes, node) => continue,
            _ = turns.wait_for(is_over) => return,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let began = shared.env().clock.steady_ms();
        let mut met = false;
        let why = match connection {
            Ok(transport) => {
                let why = session::dialled(&shared, transport.clone(), &mut met).await;
                if *shared.stop.borrow() {
                    transport.farewell().await;
                    return;
                }
                why
            }
            Err(why) => why,
        };
        if !met {
            shared.with_peer(node, |p| p.status.last_error = Some(why));
            tracing::debug!(peer = %node, %address, why = why.code(), "not connected");
        }
        let lasted_ms = shared.env().clock.steady_ms().saturating_sub(began);
        wait_ms = if wishes.0.has_changed().unwrap_or(false) || (met && lasted_ms > STABLE_MS) {
            0
        } else if why.is_lasting() {
            shared.settings.back_off_max_ms
        } else {
            (wait_ms * 2).clamp(shared.settings.back_off_min_ms, shared.settings.back_off_max_ms)
        };
        wishes.0.borrow_and_update();
        tokio::select! {
            () = sleep(Duration::from_millis(jittered(&shared, wait_ms))) => {}
            () = shared.wished(&mut wishes, node) => wait_ms = 0,
            _ = turns.wait_for(is_over) => return,
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Between half of the time and all of it, so that forty schools do not come back in one moment.
fn jittered(shared: &Shared, ms: u64) -> u64 {
    let chance = u64::from(u16::from_be_bytes(shared.env().bytes()));
    ms / 2 + (ms / 2) * chance / u64::from(u16::MAX)
}

/// Takes connections in until the link stops.
pub(crate) async fn listen(shared: Arc<Shared>, endpoint: Endpoint) {
    let mut stop = shared.stop.subscribe();
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            incoming = endpoint.accept() => {
                let Some(incoming) = incoming else { break };
                let shared = shared.clone();
                let open = endpoint.open_connections().saturating_sub(sessions.len());
                sessions.spawn(async move {
                    match quic::accept(incoming, open, ATTEMPT).await {
                        Ok(transport) => session::accepted(&shared, transport).await,
                        Err(why) => why,
                    }
                });
            }
            Some(_) = sessions.join_next() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    endpoint.set_server_config(None);
    while sessions.join_next().await.is_some() {}
    endpoint.close(quinn::VarInt::from_u32(Trouble::Closed.number().into()), b"");
    quic::farewell(&endpoint).await;
}

/// Keeps the numbers of peers that are away in line with what this node writes.
pub(crate) async fn count(shared: Arc<Shared>) {
    let mut stop = shared.stop.subscribe();
    let mut changed = shared.changed.subscribe();
    loop {
        tokio::select! {
            Ok(()) = changed.changed() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        sleep(COALESCE).await;
        changed.borrow_and_update();
        let counted = shared.blocking(|shared| {
            for peer in shared.away() {
                let own = shared.host.store().read(|conn| shared.vector(conn, peer))?;
                shared.with_peer(peer, |p| p.compare(&own));
            }
            Ok(())
        });
        // An error is in the log already; the next change counts again.
        let _ = counted.await;
    }
}
