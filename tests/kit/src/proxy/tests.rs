use super::*;
use crate::wait::{SILENCE, eventually, within};

const HELLO: &[u8] = b"hello, over there";

fn script(fault: Fault, budget: usize) -> Script {
    Script {
        fault,
        budget,
        kept_back: 1,
        stall: Duration::from_millis(50),
        reset: false,
    }
}

/// A server that sends back what it receives.
async fn echo() -> (SocketAddr, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = socket.split();
                tokio::io::copy(&mut read, &mut write).await.ok();
            });
        }
    });
    (address, AbortOnDropHandle::new(serving))
}

async fn proxied(script: Script) -> (CuttableProxy, TcpStream, AbortOnDropHandle<()>) {
    let (upstream, serving) = echo().await;
    let proxy = CuttableProxy::scripted(upstream, move |_| script)
        .await
        .unwrap();
    let socket = TcpStream::connect(proxy.address()).await.unwrap();
    (proxy, socket, serving)
}

/// Sends the greeting and reads what comes back until the connection ends.
async fn received(socket: &mut TcpStream) -> Vec<u8> {
    socket.write_all(HELLO).await.unwrap();
    let mut received = Vec::new();
    let end = within("the end", SILENCE, socket.read_to_end(&mut received)).await;
    // A reset is an end as well.
    drop(end.unwrap());
    received
}

async fn assert_cut(proxy: &CuttableProxy, fault: Fault) {
    let one = |cuts: &Cuts| (*cuts == Cuts::from([(fault, 1)])).then_some(());
    eventually("one cut", &mut proxy.cuts(), one).await.unwrap();
}

#[tokio::test]
async fn a_cut_comes_at_its_byte() {
    let (proxy, mut socket, _echo) = proxied(script(Fault::CutAtByte, HELLO.len() + 5)).await;
    assert_eq!(received(&mut socket).await, b"hello");
    assert_cut(&proxy, Fault::CutAtByte).await;
}

#[tokio::test]
async fn a_cut_inside_a_frame_keeps_its_end_back() {
    let (proxy, mut socket, _echo) = proxied(script(Fault::MidFrame, 1)).await;
    assert_eq!(received(&mut socket).await, HELLO[..HELLO.len() - 1]);
    assert_cut(&proxy, Fault::MidFrame).await;
}

#[tokio::test]
async fn a_reset_is_a_cut_too() {
    let reset = Script {
        reset: true,
        ..script(Fault::CutAtByte, 1)
    };
    let (proxy, mut socket, _echo) = proxied(reset).await;
    assert!(received(&mut socket).await.is_empty());
    assert_cut(&proxy, Fault::CutAtByte).await;
}

#[tokio::test]
async fn a_half_open_connection_is_silent_until_it_is_given_up() {
    let (proxy, mut socket, _echo) = proxied(script(Fault::HalfOpen, 1)).await;
    socket.write_all(HELLO).await.unwrap();
    let mut byte = [0];
    let silence = Duration::from_millis(200);
    let nothing = tokio::time::timeout(silence, socket.read(&mut byte)).await;
    assert!(nothing.is_err(), "neither a byte nor an end");
    assert!(proxy.cuts().borrow().is_empty());
    drop(socket);
    assert_cut(&proxy, Fault::HalfOpen).await;
}

#[tokio::test]
async fn bytes_travel_alone_up_to_the_cut() {
    let (proxy, mut socket, _echo) = proxied(script(Fault::OneByteWrites, HELLO.len() + 3)).await;
    assert_eq!(received(&mut socket).await, b"hel");
    assert_cut(&proxy, Fault::OneByteWrites).await;
}

#[tokio::test]
async fn a_stall_passes_and_the_cut_comes_later() {
    let (proxy, mut socket, _echo) = proxied(script(Fault::Stall, HELLO.len())).await;
    let started = crate::clock::instant();
    socket.write_all(HELLO).await.unwrap();
    let mut byte = [0];
    within("the end", SILENCE, socket.read(&mut byte))
        .await
        .unwrap()
        .unwrap();
    assert!(started.elapsed() >= Duration::from_millis(50));
    assert_cut(&proxy, Fault::Stall).await;
}

#[tokio::test]
async fn a_healed_proxy_does_no_harm() {
    let (proxy, mut socket, _echo) = proxied(script(Fault::CutAtByte, 1)).await;
    proxy.heal();
    socket.write_all(HELLO).await.unwrap();
    let mut received = vec![0; HELLO.len()];
    within("the echo", SILENCE, socket.read_exact(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(received, HELLO);
    assert!(proxy.cuts().borrow().is_empty());
}

#[tokio::test]
async fn severing_breaks_what_is_there_and_nothing_later() {
    let (proxy, mut socket, _echo) = proxied(Script::harmless()).await;
    let mut byte = [0; HELLO.len()];
    socket.write_all(HELLO).await.unwrap();
    socket.read_exact(&mut byte).await.unwrap();
    proxy.sever();
    assert!(has_ended(&mut socket).await);

    let mut socket = TcpStream::connect(proxy.address()).await.unwrap();
    socket.write_all(HELLO).await.unwrap();
    within("the echo", SILENCE, socket.read_exact(&mut byte))
        .await
        .unwrap()
        .unwrap();
}

async fn has_ended(socket: &mut TcpStream) -> bool {
    let read = within("the end", SILENCE, socket.read(&mut [0])).await;
    matches!(read.unwrap(), Ok(0) | Err(_))
}

#[tokio::test]
async fn a_request_passes_whole_before_the_cut() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let upstream = listener.local_addr().unwrap();
    let script = Script::after_request(Duration::ZERO);
    let proxy = CuttableProxy::scripted(upstream, move |_| script)
        .await
        .unwrap();
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    for byte in request {
        assert!(proxy.cuts().borrow().is_empty());
        client.write_all(&[*byte]).await.unwrap();
        let mut passed = [0];
        within("the byte", SILENCE, server.read_exact(&mut passed))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(passed[0], *byte);
    }
    assert_cut(&proxy, Fault::AfterRequest).await;
    assert!(has_ended(&mut client).await && has_ended(&mut server).await);
}
