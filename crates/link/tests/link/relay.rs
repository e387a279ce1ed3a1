use base::Env;
use link::{Bad, Relay};
use tokio::net::UdpSocket;

use crate::world::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_passes_counts_loses_and_cuts() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = server.local_addr().unwrap();
    let relay = Relay::start("127.0.0.1:0".parse().unwrap(), target, Env::system(), Bad::default()).await.unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect(relay.address()).await.unwrap();
    let mut buffer = [0; 2000];
    client.send(b"there").await.unwrap();
    let (len, from) = server.recv_from(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..len], b"there");
    server.send_to(b"and back", from).await.unwrap();
    let len = client.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..len], b"and back");
    let counters = relay.counters();
    assert_eq!((counters.up.bytes, counters.down.bytes, counters.bytes()), (5, 8, 13));

    let send = async |count: u64| {
        let before = relay.counters().up;
        for n in 0..count {
            client.send(&[7; 1000]).await.unwrap();
            until("the datagram", 5, || relay.counters().up.packets > before.packets + n).await;
        }
        relay.counters().up.dropped - before.dropped
    };
    relay.set(Bad { cut: true, ..Bad::default() });
    assert_eq!(send(20).await, 20);
    relay.set(Bad { loss_permille: 500, ..Bad::default() });
    let lost = send(200).await;
    assert!((50..150).contains(&lost), "{lost} of 200 lost at one half");
    // At a bit per second the queue fills: 131 datagrams of 1000 bytes wait, the others are dropped.
    relay.set(Bad { bits_per_second: Some(1), ..Bad::default() });
    assert_eq!(send(140).await, 9);
    assert_eq!(relay.settings().bits_per_second, Some(1));
}
