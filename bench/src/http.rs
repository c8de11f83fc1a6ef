//! A small HTTP/1.1 client that keeps its connection, for loopback only: it must cost less than what it measures.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::queries::encode;

/// No answer within this time is an error.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The largest body that is taken.
const BODY_LIMIT: usize = 256 << 20;
/// The most header lines.
const HEADER_LIMIT: usize = 200;
/// What browsers say over plain HTTP.
pub const BROWSER: &str = "gzip, deflate";
/// Asks for bytes as they are.
pub const PLAIN: &str = "identity";

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// The body as it came over the wire, still compressed if it was.
    pub body: Vec<u8>,
    /// Bytes of the status line, headers and body.
    pub wire_bytes: usize,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection to one server, opened again where the server closes it.
pub struct Client {
    address: SocketAddr,
    pub encodings: &'static str,
    /// Sent with each request, unless it is empty.
    pub cookie: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub fn new(address: SocketAddr, encodings: &'static str) -> Self {
        Self {
            address,
            encodings,
            cookie: String::new(),
            stream: None,
        }
    }

    /// `GET`; any status is an answer.
    pub fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.ask(path, None)
    }

    /// `POST` of a form; any status is an answer.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        self.ask(path, Some(&fields.join("&")))
    }

    fn ask(&mut self, path: &str, form: Option<&str>) -> anyhow::Result<Answer> {
        ensure!(
            self.address.ip().is_loopback(),
            "{} is not on this machine",
            self.address
        );
        let kept = self.stream.is_some();
        match self.once(path, form) {
            // A server may have closed a kept connection just now.
            Err(_) if kept => {
                self.stream = None;
                self.once(path, form)
            }
            answer => answer,
        }
        .with_context(|| format!("http://{}{path}", self.address))
    }

    fn once(&mut self, path: &str, form: Option<&str>) -> anyhow::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect_timeout(&self.address, TIMEOUT)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                BufReader::with_capacity(64 << 10, stream)
            }
        };
        let mut request = format!(
            "{} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html,*/*\r\nAccept-Language: en\r\nAccept-Encoding: {}\r\n",
            if form.is_some() { "POST" } else { "GET" },
            self.encodings,
            address = self.address,
        );
        if !self.cookie.is_empty() {
            request.push_str(&format!("Cookie: {}\r\n", self.cookie));
        }
        if let Some(form) = form {
            request.push_str(&format!(
                "Origin: http://{}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                self.address,
                form.len()
            ));
        }
        request.push_str("\r\n");
        request.push_str(form.unwrap_or_default());
        stream.get_mut().write_all(request.as_bytes())?;
        let answer = read(&mut stream)?;
        if !answer.header("connection").eq_ignore_ascii_case("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Answer> {
    let mut line = String::new();
    let mut wire_bytes = stream.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .with_context(|| format!("no status in {line:?}"))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        wire_bytes += stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        ensure!(headers.len() < HEADER_LIMIT, "too many headers");
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut answer = Answer {
        status,
        headers,
        body: Vec::new(),
        wire_bytes,
    };
    if answer
        .header("transfer-encoding")
        .eq_ignore_ascii_case("chunked")
    {
        loop {
            line.clear();
            answer.wire_bytes += stream.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16)
                .with_context(|| format!("bad chunk {line:?}"))?;
            take(stream, size, &mut answer)?;
            line.clear();
            answer.wire_bytes += stream.read_line(&mut line)?;
            if size == 0 {
                return Ok(answer);
            }
        }
    }
    match answer.header("content-length").parse() {
        Ok(size) => take(stream, size, &mut answer)?,
        Err(_) if answer.header("connection").eq_ignore_ascii_case("close") => {
            let size = stream
                .take(BODY_LIMIT as u64)
                .read_to_end(&mut answer.body)?;
            answer.wire_bytes += size;
        }
        Err(_) if matches!(status, 204 | 304) => {}
        Err(_) => bail!("an answer without length"),
    }
    Ok(answer)
}

fn take(stream: &mut BufReader<TcpStream>, size: usize, answer: &mut Answer) -> anyhow::Result<()> {
    ensure!(
        answer.body.len() + size <= BODY_LIMIT,
        "a body over {BODY_LIMIT} bytes"
    );
    let before = answer.body.len();
    answer.body.resize(before + size, 0);
    stream.read_exact(answer.body.get_mut(before..).unwrap_or_default())?;
    answer.wire_bytes += size;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_and_lengths_and_closed_connections_are_read() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let answers: [&[u8]; 2] = [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\ngone",
            ];
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().unwrap().unwrap() != "" {}
                stream.write_all(answer).unwrap();
            }
        });
        let mut client = Client::new(address, PLAIN);
        assert_eq!(client.get("/").unwrap().text(), "abcde");
        // The server closed the first connection without a word, so this one is tried anew.
        let second = client.get("/").unwrap();
        assert_eq!((second.status, second.text().as_str()), (404, "gone"));
        server.join().unwrap();
    }
}
