//! The S3 client against a server that knows just enough of the protocol.
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Cursor, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use lampion_blobs::{BlobError, Blobs, Hash, S3Config};

type Bucket = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Serves a bucket on a free port until the test ends.
fn serve() -> (String, Bucket) {
    let bucket = Bucket::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let shared = Arc::clone(&bucket);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let bucket = Arc::clone(&shared);
            thread::spawn(move || answer_all(connection.unwrap(), &bucket));
        }
    });
    (address, bucket)
}

fn answer_all(connection: TcpStream, bucket: &Bucket) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut out = connection;
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|&n| n > 0)?;
            if line.trim().is_empty() {
                break;
            }
            lines.push(line);
        }
        let header = |name: &str| {
            let start = format!("{name}: ");
            lines.iter().find_map(|l| {
                l.to_lowercase()
                    .strip_prefix(&start)
                    .map(|v| v.trim().to_owned())
            })
        };
        assert!(
            header("authorization")
                .unwrap()
                .starts_with("aws4-hmac-sha256 credential=me/")
        );
        let mut body = vec![0; header("content-length").map_or(0, |n| n.parse().unwrap())];
        reader.read_exact(&mut body).ok()?;
        let mut words = lines[0].split_whitespace();
        let (verb, path) = (words.next().unwrap(), words.next().unwrap().to_owned());

        let mut bucket = bucket.lock().unwrap();
        let (status, head, body) = match (verb, bucket.get(&path).cloned()) {
            ("PUT", _) => {
                bucket.insert(path, body);
                (
                    "200 OK",
                    "ETag: \"1\"\r\nContent-Length: 0\r\n".to_owned(),
                    Vec::new(),
                )
            }
            ("DELETE", _) => {
                bucket.remove(&path);
                ("204 No Content", String::new(), Vec::new())
            }
            (_, None) => (
                "404 Not Found",
                "Content-Length: 0\r\n".to_owned(),
                Vec::new(),
            ),
            (verb, Some(whole)) => {
                let common = "ETag: \"1\"\r\nLast-Modified: Mon, 02 Jan 2023 03:04:05 GMT\r\n";
                let asked = header("range").map(|r| r.strip_prefix("bytes=").unwrap().to_owned());
                let (status, part, extra) = match asked.as_deref().and_then(|r| r.split_once('-')) {
                    Some((from, to)) => {
                        let (from, to) = (from.parse().unwrap(), to.parse::<usize>().unwrap());
                        let range = format!("Content-Range: bytes {from}-{to}/{}\r\n", whole.len());
                        ("206 Partial Content", whole[from..=to].to_vec(), range)
                    }
                    None => ("200 OK", whole, String::new()),
                };
                let head = format!("{common}{extra}Content-Length: {}\r\n", part.len());
                (status, head, if verb == "HEAD" { Vec::new() } else { part })
            }
        };
        drop(bucket);
        write!(out, "HTTP/1.1 {status}\r\n{head}\r\n").ok()?;
        out.write_all(&body).ok()?;
    }
}

#[tokio::test]
async fn stores_reads_and_deletes() {
    let (endpoint, bucket) = serve();
    keeps(&endpoint, "shelf", true, "/shelf", &bucket).await;
}

#[tokio::test]
async fn the_bucket_may_stand_in_the_name_of_the_host() {
    let (endpoint, bucket) = serve();
    // A bucket of the name `127` at the host `0.0.1` is at 127.0.0.1: so the test needs no names of its own.
    let endpoint = endpoint.replace("127.0.0.1", "0.0.1");
    keeps(&endpoint, "127", false, "", &bucket).await;
}

/// Stores, reads and deletes; what the service sees begins with `seen`.
async fn keeps(endpoint: &str, name: &str, path_style: bool, seen: &str, bucket: &Bucket) {
    let spool = tempfile::tempdir().unwrap();
    let config = S3Config {
        endpoint: Some(endpoint.to_owned()),
        bucket: name.to_owned(),
        region: "here".to_owned(),
        path_style,
        access_key_id: "me".to_owned(),
        secret_access_key: "hush".to_owned(),
        session_token: None,
        prefix: "blobs".to_owned(),
        beside: spool.path().to_path_buf(),
    };
    assert!(!format!("{config:?}").contains("hush"));
    let blobs = Blobs::s3(&config).unwrap();

    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let hash = Hash::of(&bytes);
    assert!(matches!(
        blobs.get(&hash, None).await,
        Err(BlobError::NotFound(_))
    ));
    let stored = blobs.put_reader(Cursor::new(bytes.clone())).await.unwrap();
    assert_eq!((stored.hash, stored.new), (hash, true));
    let hex = hash.to_string();
    let key = format!("{seen}/blobs/{}/{}", &hex[..2], &hex[2..]);
    assert_eq!(bucket.lock().unwrap().get(&key), Some(&bytes));
    assert!(
        !blobs
            .put_reader(Cursor::new(bytes.clone()))
            .await
            .unwrap()
            .new
    );
    assert_eq!(blobs.verify(&hash, |_, _| {}).await.unwrap(), 200_000);

    let (size, part) = blobs.get(&hash, Some(1000..250_000)).await.unwrap();
    assert_eq!(size, 200_000);
    let part: Vec<Bytes> = part.try_collect().await.unwrap();
    assert_eq!(part.concat(), bytes[1000..]);

    bucket.lock().unwrap().get_mut(&key).unwrap()[77] ^= 1;
    assert!(matches!(
        blobs.verify(&hash, |_, _| {}).await,
        Err(BlobError::Damaged { .. })
    ));
    blobs.delete(&hash).await.unwrap();
    assert!(!blobs.exists(&hash).await.unwrap());
}
