//! Admission of the session that starts the engine: the one login without a password, once.
//!
//! The engine runs its first statements as the user `default`, by a login like any other over the network. Its
//! configuration says that this user's password is judged by an HTTP server, which is this one. It says yes once, before
//! the engine listens, and no as long as the engine runs.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

/// Time limit for reading a question and writing the answer.
const LIMIT: Duration = Duration::from_secs(2);

/// Maximum length of a question in bytes.
const LONGEST: u64 = 8 << 10;

/// Listening judge of logins.
pub(super) struct Admission {
    listener: TcpListener,
    port: u16,
    /// Path that only the engine's configuration has, so that nobody else uses up the one yes.
    secret: String,
    /// Working directory of the process, which ends with the yes.
    directory: PathBuf,
}

impl Admission {
    /// Listens on a free port. The working directory is one that nobody needs.
    pub(super) fn listen(secret: String, directory: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self {
            port: listener.local_addr()?.port(),
            listener,
            secret,
            directory,
        })
    }

    /// Port on the loopback address.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Address for the engine's configuration.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}", self.port, self.secret)
    }

    /// Starts the thread that answers until the process ends.
    pub(super) fn start(self) -> io::Result<()> {
        let thread = std::thread::Builder::new().name("admission".to_owned());
        thread.spawn(move || {
            let mut is_open = true;
            loop {
                match self.listener.accept() {
                    // Whoever breaks off gets no answer, and that is a no.
                    Ok((stream, _)) => drop(self.answer(stream, &mut is_open)),
                    // Without descriptors an immediate retry would only spin.
                    Err(_) => std::thread::sleep(LIMIT),
                }
            }
        })?;
        Ok(())
    }

    fn answer(&self, mut stream: TcpStream, is_open: &mut bool) -> io::Result<()> {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let question = question(&mut stream)?;
        let path = question.split(' ').nth(1).unwrap_or_default();
        let knows = path.strip_prefix('/') == Some(self.secret.as_str());
        let admitted = *is_open && knows && self.leave_nowhere().is_ok();
        *is_open &= !knows;
        let status = if admitted {
            "200 OK"
        } else {
            "401 Unauthorized"
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    }

    /// Removes the working directory.
    ///
    /// For the engine, files that a query names lie in or below the working directory or anywhere. Without one it can't
    /// resolve any name, and reads no file for a query. Its own files have absolute names.
    fn leave_nowhere(&self) -> io::Result<()> {
        fs::remove_dir(&self.directory)
    }
}

/// Head of an HTTP request.
fn question(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut stream = stream.take(LONGEST);
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend(buffer.iter().take(count)),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
