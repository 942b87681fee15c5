//! TCP proxy that can cut, hold up and slow down its connections.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// Size of a forwarded piece; while the proxy is slow, each piece takes [`SLOW`].
const CHUNK: usize = 16 << 10;
const SLOW: Duration = Duration::from_millis(30);

/// Mode of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Mode {
    /// Traffic passes unchanged.
    Open = 0,
    /// Every piece is delayed.
    Slow = 1,
    /// Traffic is held back; connections stay open.
    Held = 2,
    /// New connections are closed at once.
    Refused = 3,
}

/// Proxy on a port of its own. It runs until the process ends.
#[derive(Clone)]
pub(super) struct Proxy {
    port: u16,
    mode: Arc<AtomicU8>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// Forwards connections of `port` to the port `to`.
    pub(super) fn start(port: u16, to: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let proxy = Proxy {
            port,
            mode: Arc::new(AtomicU8::new(Mode::Open as u8)),
            open: Arc::default(),
        };
        let serving = proxy.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // The other side may be down; then this connection fails as well.
                if serving.is(Mode::Refused) || serving.connect(near, to).is_err() {
                    continue;
                }
            }
        });
        Ok(proxy)
    }

    /// Listening port.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Sets the mode.
    pub(super) fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::Relaxed);
    }

    /// Closes all connections.
    pub(super) fn cut(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.drain(..) {
            // It may be closed already.
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    fn is(&self, mode: Mode) -> bool {
        self.mode.load(Ordering::Relaxed) == mode as u8
    }

    fn connect(&self, near: TcpStream, to: u16) -> std::io::Result<()> {
        let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
        for stream in [&near, &far] {
            stream.set_nodelay(true)?;
        }
        {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.push(near.try_clone()?);
            open.push(far.try_clone()?);
        }
        for (from, to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
            let proxy = self.clone();
            thread::spawn(move || proxy.pass(from, to));
        }
        Ok(())
    }

    /// Forwards one direction until either side ends.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if self.is(Mode::Slow) {
                thread::sleep(SLOW);
            }
            while self.is(Mode::Held) {
                thread::sleep(Duration::from_millis(20));
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        for stream in [from, to] {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}
