//! Sessions over a transport in memory: it shows that the session needs no QUIC, and lets a peer say anything.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use link::{Lane, Link, Meter, Transport, Trouble};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};

use crate::world::{Node, PROGRAMME, key, quick, until};

#[derive(Clone)]
struct Wire {
    key: Arc<[u8]>,
    opened: mpsc::Sender<(Lane, DuplexStream)>,
    coming: Arc<AsyncMutex<mpsc::Receiver<(Lane, DuplexStream)>>>,
    ended: watch::Sender<Option<Trouble>>,
    bytes: Arc<Mutex<u64>>,
}

/// Both ends of a connection between two nodes.
fn wire(dialler: u8, listener: u8) -> (Wire, Wire) {
    let (to_listener, from_dialler) = mpsc::channel(8);
    let (to_dialler, from_listener) = mpsc::channel(8);
    let ended = watch::Sender::new(None);
    let end = |peer: u8, opened, coming| Wire {
        key: Arc::from(key(peer).public()),
        opened,
        coming: Arc::new(AsyncMutex::new(coming)),
        ended: ended.clone(),
        bytes: Arc::default(),
    };
    (end(listener, to_listener, from_listener), end(dialler, to_dialler, from_dialler))
}

impl Transport for Wire {
    type Send = WriteHalf<DuplexStream>;
    type Recv = ReadHalf<DuplexStream>;

    fn peer_key(&self) -> &[u8] {
        &self.key
    }
    async fn open(&self, lane: Lane) -> Result<(Self::Send, Self::Recv), Trouble> {
        let (near, far) = duplex(64 * 1024);
        self.opened.send((lane, far)).await.map_err(|_| Trouble::Lost)?;
        *self.bytes.lock().unwrap() += 1;
        let (recv, send) = split(near);
        Ok((send, recv))
    }
    async fn accept(&self) -> Result<(Lane, Self::Send, Self::Recv), Trouble> {
        let mut ended = self.ended.subscribe();
        let mut coming = self.coming.lock().await;
        tokio::select! {
            stream = coming.recv() => {
                let (lane, stream) = stream.ok_or(Trouble::Lost)?;
                let (recv, send) = split(stream);
                Ok((lane, send, recv))
            }
            why = ended.wait_for(Option::is_some) => Err(why.ok().and_then(|why| *why).unwrap_or(Trouble::Lost)),
        }
    }
    fn close(&self, why: Trouble) {
        self.ended.send_if_modified(|ended| ended.is_none() && ended.replace(why).is_none());
    }
    fn ended(&self) -> Option<Trouble> {
        *self.ended.borrow()
    }
    fn meter(&self) -> Meter {
        Meter { sent_bytes: *self.bytes.lock().unwrap(), ..Meter::default() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_needs_no_quic() {
    let dir = tempfile::tempdir().unwrap();
    let (hub, school) = (Node::hub(dir.path(), &[1]), Node::open(dir.path(), 1));
    hub.letters(PROGRAMME, 300);
    school.letters(PROGRAMME, 200);
    let blob = school.put_blob(&vec![5; 100_000]);
    let (hub_link, school_link) = (Link::new(hub.clone(), quick()), Link::new(school.clone(), quick()));
    let (near, far) = wire(1, 0);
    let work = async {
        tokio::join!(school_link.dialled(near.clone()), hub_link.accepted(far));
    };
    let check = async {
        until("the same", 20, || hub.rows(PROGRAMME) == school.rows(PROGRAMME) && hub.blobs.has(&blob)).await;
        near.close(Trouble::Closed);
    };
    tokio::join!(work, check);
    assert_eq!(hub.entries(), 502);
    assert!(hub_link.status().iter().all(|s| !s.connected));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A member whose node has gone mad opens any streams and says anything: the session ends, nothing is taken.
    #[test]
    fn a_peer_may_say_anything(
        hello: bool,
        says in prop::collection::vec((0_u8..3, any::<u32>(), prop::collection::vec(any::<u8>(), 0..60)), 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let hub = Node::hub(dir.path(), &[1]);
            let link = Link::new(hub.clone(), quick());
            let (near, far) = wire(1, 0);
            let mad = async {
                let (mut control, mut answers) = near.open(Lane::Control).await.unwrap();
                if hello {
                    // A greeting of this version whose 32 digests agree with nothing.
                    let mut body = vec![0x83, 3, 1, 0x59, 1, 0];
                    body.extend([9; 256]);
                    control.write_all(&262_u32.to_be_bytes()).await.unwrap();
                    control.write_all(&body).await.unwrap();
                }
                let mut kept = Vec::new();
                for (lane, len, bytes) in says {
                    let stream = match lane {
                        0 => &mut control,
                        1 => {
                            kept.push(near.open(Lane::Records).await.unwrap());
                            &mut kept.last_mut().unwrap().0
                        }
                        _ => {
                            kept.push(near.open(Lane::Blob).await.unwrap());
                            &mut kept.last_mut().unwrap().0
                        }
                    };
                    // Some announce what they send, some far more.
                    let len = if len % 3 == 0 { len } else { u32::try_from(bytes.len()).unwrap() };
                    let _ = stream.write_all(&len.to_be_bytes()).await;
                    let _ = stream.write_all(&bytes).await;
                }
                let mut some = [0; 64];
                let _ = tokio::time::timeout(Duration::from_millis(20), answers.read(&mut some)).await;
                near.close(Trouble::Lost);
                drop((control, answers, kept));
            };
            let ((), why) = tokio::join!(mad, link.accepted(far));
            assert!(matches!(why, Trouble::Protocol | Trouble::Lost | Trouble::Closed | Trouble::Version), "{why:?}");
            assert_eq!(hub.entries(), 1);
        });
    }
}
