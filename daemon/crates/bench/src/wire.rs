//! A connection that counts the bytes it carries, heads of frames included, and that can
//! be as slow as a bad link.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep};

/// A slow link reads so much at once.
const SIP: usize = 2 * 1024;
/// What the kernel of one who sits behind a slow link may hold for it.
const SMALL_BUFFER: u32 = 8 * 1024;

/// Bytes in both directions.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub up: AtomicU64,
    pub down: AtomicU64,
}

/// What lies between us and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Net {
    /// Nothing.
    Fast,
    /// A link that carries so many bytes a second down to us.
    Slow(u32),
}

/// The connection.
pub(crate) struct Wire {
    stream: TcpStream,
    count: Arc<Count>,
    pace: Option<Pace>,
}

/// When the next bytes may be taken.
struct Pace {
    per_byte: Duration,
    next: Pin<Box<Sleep>>,
}

impl Pace {
    fn took(&mut self, bytes: usize) {
        // From when they were due, so that late timers do not make the link slower.
        let due = self.next.deadline().max(Instant::now() - SLACK);
        let cost = self.per_byte * u32::try_from(bytes).unwrap_or(u32::MAX);
        self.next.as_mut().reset(due + cost);
    }
}

/// How far a link that was idle may run ahead.
const SLACK: Duration = Duration::from_millis(2);

impl Wire {
    /// Connects; keys are sent at once.
    pub(crate) async fn connect(
        address: SocketAddr,
        net: Net,
    ) -> std::io::Result<(Self, Arc<Count>)> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        let pace = match net {
            Net::Fast => None,
            Net::Slow(rate) => {
                socket.set_recv_buffer_size(SMALL_BUFFER)?;
                Some(Pace {
                    per_byte: Duration::from_secs(1) / rate,
                    next: Box::pin(tokio::time::sleep(Duration::ZERO)),
                })
            }
        };
        let stream = socket.connect(address).await?;
        // Else the kernel holds a key back until the one before is acknowledged.
        stream.set_nodelay(true)?;
        let count = Arc::<Count>::default();
        let wire = Self {
            stream,
            count: count.clone(),
            pace,
        };
        Ok((wire, count))
    }

    fn poll_slowly(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let Some(pace) = &mut self.pace else {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        };
        ready!(pace.next.as_mut().poll(cx));
        let mut sip = [0; SIP];
        let room = buffer.remaining().min(SIP);
        let mut part = ReadBuf::new(&mut sip[..room]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        pace.took(part.filled().len());
        buffer.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.poll_slowly(cx, buffer);
        let came = (buffer.filled().len() - before) as u64;
        self.count.down.fetch_add(came, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(went)) = &written {
            self.count.up.fetch_add(*went as u64, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
