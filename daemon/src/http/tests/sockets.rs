//! Opening the socket: one ticket, from the page that asked for it.

use super::harness::{Server, serve};
use crate::auth::permission::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Opens a socket with those headers and says what came of it; an open one echoes.
async fn upgrade(server: &Server, path: &str, extra: &str) -> u16 {
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n",
        server.host()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    if status == 101 {
        assert!(!head.contains("orchestra.ticket"), "{head}");
        // "hi", masked with zeros, and its echo.
        stream
            .write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'])
            .await
            .unwrap();
        let mut echo = [0; 4];
        stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, &[0x81, 2, b'h', b'i']);
    }
    status
}

#[tokio::test]
async fn w02_w05_w07_a_socket_opens_with_one_ticket() {
    let server = serve("").await;
    let token = server.token(Role::Developer, "ann").await;
    let origin = format!("Origin: http://{}\r\n", server.host());
    let issue = |extra: String| {
        let request = format!(
            "POST /api/ws-tickets HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {token}\r\n{extra}\
             Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        );
        let server = &server;
        async move {
            let answer = server.raw(&request).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            let ticket = answer.json()["ticket"].as_str().unwrap().to_owned();
            format!("Sec-WebSocket-Protocol: orchestra.v1, orchestra.ticket.{ticket}\r\n")
        }
    };
    let ticket = issue(origin.clone()).await;
    assert_eq!(
        upgrade(&server, "/ws", &format!("{ticket}{origin}")).await,
        101
    );
    assert_eq!(
        upgrade(&server, "/ws", &format!("{ticket}{origin}")).await,
        401,
        "used"
    );
    let ticket = issue(origin.clone()).await;
    assert_eq!(
        upgrade(&server, "/ws", &ticket).await,
        403,
        "without its origin"
    );
    let ticket = issue(origin.clone()).await;
    let evil = format!("{ticket}Origin: http://evil.test\r\n");
    assert_eq!(upgrade(&server, "/ws", &evil).await, 403);
    assert_eq!(
        upgrade(&server, "/ws", &issue(String::new()).await).await,
        101,
        "a program's"
    );
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(upgrade(&server, "/ws", &bearer).await, 101);
    assert_eq!(
        upgrade(&server, "/ws", &format!("{bearer}{origin}")).await,
        401
    );
    assert_eq!(upgrade(&server, "/ws", "").await, 401);
    assert_eq!(
        upgrade(&server, &format!("/ws?token={token}"), "").await,
        400
    );

    let open = serve("[auth]\nallow_query_jwt = true\n").await;
    let token = open.token(Role::Developer, "ann").await;
    assert_eq!(upgrade(&open, &format!("/ws?token={token}"), "").await, 101);
    assert_eq!(
        open.call("", &format!("GET /api/me?token={token}"), None)
            .await
            .code(),
        "token_in_url"
    );
}
