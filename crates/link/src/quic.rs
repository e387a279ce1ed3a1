//! QUIC as the transport (RFC 9000): it goes on after short cuts and changes of address, and one lost datagram
//! holds up one stream only.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::NodeId;
use log::NodeKey;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, EndpointConfig, Incoming, RecvStream, SendStream,
    ServerConfig, TransportConfig, VarInt,
};
use quinn_proto::{HashedConnectionIdGenerator, RandomConnectionIdGenerator};
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;

use crate::drivers::{Driver, Drivers};
use crate::learn::{Allowance, Learn, Learning, REORDERED, sparse_acknowledgements};
use crate::pulse::Pulse;
use crate::resets::{self, Resets};
use crate::{Lane, LinkError, Meter, Transport, Trouble, tls};

/// A connection on which nothing comes for so long is lost, even one that carries a class: that goes on by itself at each
/// end, and where the link comes back a connection that is still there is at work at once.
const IDLE_MS: u32 = 600_000;
/// An idle connection says so often that it is alive; it costs about 80 bytes.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Streams that a peer may have open: control, records, a blob, and what a newer version may add.
const STREAMS: u32 = 16;
/// Bytes under way in one stream and in all, enough for 20 Mbit/s over a satellite.
const STREAM_WINDOW: u32 = 2 << 20;
const WINDOW: u32 = 6 << 20;
/// Bytes of datagrams that wait to be sent or to be taken; older ones go first. They are worth nothing when late.
const DATAGRAMS_OUT: usize = 16 * 1024;
const DATAGRAMS_IN: usize = 256 * 1024;
/// A window below this is that of a slow link.
const SLOW: u64 = 64 * 1024;
const FAREWELL: Duration = Duration::from_secs(1);
/// Handshakes at a time from addresses that have proved nothing; beyond it, an address must prove itself.
const UNPROVED: usize = 64;

/// A QUIC connection.
#[derive(Clone, Debug)]
pub(crate) struct Quic {
    connection: Connection,
    key: Arc<[u8]>,
    /// Of one that was dialled: the socket is its own.
    endpoint: Option<Endpoint>,
    /// What the connection's controller has learnt.
    allowance: Option<Arc<Allowance>>,
    /// Datagrams said.
    said: Arc<AtomicU64>,
    pulse: Arc<Mutex<Pulse>>,
}

/// The dialling side's configuration; kept between connections, so that the next is resumed with less.
#[derive(Clone)]
pub(crate) struct Dialler(ClientConfig);

impl Dialler {
    pub fn new(key: &NodeKey) -> Result<Self, LinkError> {
        let crypto = QuicClientConfig::try_from(tls::client_config(key)?).map_err(|e| LinkError::Key(e.to_string()))?;
        let mut config = ClientConfig::new(Arc::new(crypto));
        config.transport_config(transport_config());
        Ok(Self(config))
    }

    /// Dials from a socket of its own, so that a change of network leaves nothing behind.
    pub async fn dial(&self, address: &str, node: NodeId) -> Result<Quic, Trouble> {
        let mut last = Trouble::Unreachable;
        let addresses = tokio::net::lookup_host(address).await.map_err(|_| Trouble::Unreachable)?;
        for address in addresses.take(4) {
            let any = match address {
                SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            };
            let socket = UdpSocket::bind(any).and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
            let socket = socket.map_err(|_| Trouble::Unreachable)?;
            // The socket says which connection it is: a name in each packet would cost a class 1 kbit/s.
            let mut config = EndpointConfig::default();
            config.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(0)));
            let endpoint =
                Endpoint::new(config, None, socket, Arc::new(quinn::TokioRuntime)).map_err(|_| Trouble::Unreachable)?;
            let connecting = endpoint
                .connect_with(self.0.clone(), address, &tls::name_of(node))
                .map_err(|_| Trouble::Unreachable)?;
            match connecting.await {
                Ok(connection) => return Quic::new(connection, Some(endpoint)),
                Err(error) => last = refused(&error),
            }
        }
        Err(last)
    }
}

/// Listens on a socket.
pub(crate) fn listen(key: &NodeKey, socket: UdpSocket) -> Result<Endpoint, LinkError> {
    let crypto = QuicServerConfig::try_from(tls::server_config(key)?).map_err(|e| LinkError::Key(e.to_string()))?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(transport_config());
    socket.set_nonblocking(true)?;
    let mut endpoint = EndpointConfig::new(Arc::new(Resets::of(key)));
    let names = resets::names(key);
    endpoint.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(names)));
    Ok(Endpoint::new(endpoint, Some(config), socket, Arc::new(Drivers))?)
}

/// Completes the handshake of one that dialled, within a time; after it nothing of the attempt is left.
pub(crate) async fn accept(incoming: Incoming, open: usize, within: Duration) -> Result<Quic, Trouble> {
    if open > UNPROVED && !incoming.remote_address_validated() && incoming.may_retry() {
        // The other end comes again with a proof of its address; this attempt needs no answer.
        let _ = incoming.retry();
        return Err(Trouble::Lost);
    }
    let (connecting, driver) = Driver::of(|| incoming.accept());
    let connecting = connecting.map_err(|_| Trouble::Lost)?;
    let done = timeout(within, connecting).await.map_err(|_| Trouble::Unreachable)?;
    // Who is refused is told why, by the driver; who went by itself needs no answer.
    if matches!(done, Ok(_) | Err(ConnectionError::TransportError(_))) {
        driver.let_go();
    }
    Quic::new(done.map_err(|_| Trouble::Lost)?, None)
}

/// Waits, not for long, until all ends were told that their connections are closed. Those that were not will
/// notice by silence.
pub(crate) async fn farewell(endpoint: &Endpoint) {
    let _ = timeout(FAREWELL, endpoint.wait_idle()).await;
}

fn transport_config() -> Arc<TransportConfig> {
    let mut config = TransportConfig::default();
    config
        // Looking for larger datagrams costs 11 KB on each connection, and would save 1 % of what follows.
        .mtu_discovery_config(None)
        .max_idle_timeout(Some(VarInt::from_u32(IDLE_MS).into()))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(WINDOW))
        .send_window(u64::from(WINDOW))
        .datagram_send_buffer_size(DATAGRAMS_OUT)
        .datagram_receive_buffer_size(Some(DATAGRAMS_IN))
        .packet_threshold(REORDERED)
        .ack_frequency_config(Some(sparse_acknowledgements()))
        .congestion_controller_factory(Arc::new(Learning));
    Arc::new(config)
}

impl Quic {
    fn new(connection: Connection, endpoint: Option<Endpoint>) -> Result<Self, Trouble> {
        let presented = connection.peer_identity().and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
        let key = presented.as_ref().and_then(|p| p.first()).and_then(|p| tls::key_of(p)).map(Arc::from);
        let allowance = Learn::allowance(connection.congestion_state());
        Ok(Self {
            key: key.ok_or(Trouble::Protocol)?,
            connection,
            endpoint,
            allowance,
            said: Arc::default(),
            pulse: Arc::new(Mutex::new(Pulse::new())),
        })
    }

    /// While datagrams are said, streams leave them most of what the link bears, and on a slow link never have much more
    /// than that in hand: what is handed over cannot be overtaken. When the other end is silent, datagrams may go beyond
    /// the window, so that the first to come through brings all back. A connection on which nothing comes is given up unless
    /// a class is on it. Called every second.
    fn feel(&self, received: u64) {
        let mut pulse = self.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_talking, in_vain) = pulse.feel(self.said.load(Relaxed), received);
        if pulse.is_lost() {
            self.close(Trouble::Lost);
        }
        let Some(allowance) = &self.allowance else { return };
        allowance.talk(is_talking && in_vain);
        let room = match allowance.window() {
            window if is_talking => window / 3,
            window if window < SLOW => (window * 2).max(SLOW / 2),
            _ => u64::MAX,
        };
        self.connection.set_send_window(room.min(WINDOW.into()));
    }

    /// Waits, not for long, until the other end was told that the connection is closed.
    pub async fn farewell(&self) {
        if let Some(endpoint) = &self.endpoint {
            farewell(endpoint).await;
        }
    }

    fn reason(&self) -> Trouble {
        self.connection.close_reason().map_or(Trouble::Lost, |error| ended(&error))
    }
}

impl Transport for Quic {
    type Send = SendStream;
    type Recv = RecvStream;

    fn peer_key(&self) -> &[u8] {
        &self.key
    }

    async fn open(&self, lane: Lane) -> Result<(SendStream, RecvStream), Trouble> {
        let (mut send, recv) = self.connection.open_bi().await.map_err(|e| ended(&e))?;
        prioritise(&send, lane);
        send.write_all(&[lane.byte()]).await.map_err(|_| self.reason())?;
        Ok((send, recv))
    }

    async fn accept(&self) -> Result<(Lane, SendStream, RecvStream), Trouble> {
        let (send, mut recv) = self.connection.accept_bi().await.map_err(|e| ended(&e))?;
        let mut byte = [0];
        recv.read_exact(&mut byte).await.map_err(|_| self.reason())?;
        let lane = Lane::of_byte(byte[0])?;
        prioritise(&send, lane);
        Ok((lane, send, recv))
    }

    fn close(&self, why: Trouble) {
        self.connection.close(VarInt::from_u32(why.number().into()), b"");
    }

    fn ended(&self) -> Option<Trouble> {
        self.connection.close_reason().map(|error| ended(&error))
    }

    fn say(&self, datagram: Vec<u8>) -> bool {
        self.said.fetch_add(1, Relaxed);
        self.connection.send_datagram(datagram.into()).is_ok()
    }

    async fn hear(&self) -> Result<Vec<u8>, Trouble> {
        self.connection.read_datagram().await.map(Vec::from).map_err(|e| ended(&e))
    }

    fn largest(&self) -> Option<usize> {
        self.connection.max_datagram_size()
    }

    fn meter(&self) -> Meter {
        let stats = self.connection.stats();
        self.feel(stats.udp_rx.bytes);
        Meter {
            sent_bytes: stats.udp_tx.bytes,
            received_bytes: stats.udp_rx.bytes,
            rtt_ms: u64::try_from(stats.path.rtt.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn prioritise(send: &SendStream, lane: Lane) {
    // An error says that the stream is closed already.
    let _ = send.set_priority(-i32::from(lane.byte()));
}

fn ended(error: &ConnectionError) -> Trouble {
    match error {
        ConnectionError::ApplicationClosed(close) => Trouble::of_number(close.error_code.into_inner()),
        _ => Trouble::Lost,
    }
}

/// Why dialling failed. TLS alerts have the codes 0x100 to 0x1ff (RFC 9001, 4.8): the wrong key, or another
/// protocol, which no node of this version speaks.
fn refused(error: &ConnectionError) -> Trouble {
    const NO_APPLICATION_PROTOCOL: u64 = 0x178;
    let is_alert = |code: u64| (0x100..0x200).contains(&code);
    match error {
        ConnectionError::TransportError(e) if u64::from(e.code) == NO_APPLICATION_PROTOCOL => Trouble::Version,
        ConnectionError::ConnectionClosed(e) if u64::from(e.error_code) == NO_APPLICATION_PROTOCOL => Trouble::Version,
        ConnectionError::TransportError(e) if is_alert(e.code.into()) => Trouble::WrongKey,
        ConnectionError::ApplicationClosed(_) => ended(error),
        _ => Trouble::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever begins with a farewell costs no more than one who falls silent in the handshake.
    #[tokio::test]
    async fn a_connection_that_begins_with_its_end_is_forgotten() {
        const STRANGERS: usize = 20;
        let (hub, stranger) = (NodeKey::from_seed([1; 32]).unwrap(), NodeKey::from_seed([2; 32]).unwrap());
        let endpoint = listen(&hub, UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
        let address = endpoint.local_addr().unwrap();
        let config = Dialler::new(&stranger).unwrap().0;
        let from = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        for _ in 0..STRANGERS {
            // Given up before its driver has had a turn, so that its first packet says only that it is closed.
            drop(from.connect_with(config.clone(), address, &tls::name_of(hub.id())).unwrap());
        }
        for _ in 0..STRANGERS {
            let incoming = endpoint.accept().await.unwrap();
            assert!(accept(incoming, 0, Duration::from_millis(50)).await.is_err());
        }
        let forgotten = async {
            while endpoint.open_connections() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), forgotten).await.unwrap();
    }
}
