//! One node: the program in a process of its own.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::client::{Ask, Client, Reply};
use crate::wait::until;

/// Bytes of the log that a failure shows.
const LOG_SHOWN: usize = 6_000;

/// A node in its folder, which may be running.
pub struct Node {
    /// Its name.
    pub name: String,
    program: PathBuf,
    data: PathBuf,
    settings: Vec<String>,
    https: bool,
    mail: bool,
    running: Option<Running>,
}

struct Running {
    child: Child,
    ready: Value,
}

/// How a command of the command line ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its exit code; -1 if it was killed.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it printed on standard error.
    pub err: String,
}

impl Output {
    /// The same, if it ended with the code that was expected.
    ///
    /// # Panics
    /// It is another one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// The last line that it printed, as JSON.
    ///
    /// # Panics
    /// It isn't JSON.
    pub fn json(&self) -> Value {
        let line = self.out.lines().last().unwrap_or_default();
        serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{error}: out: {}\nerr: {}", self.out, self.err))
    }
}

impl Node {
    pub(crate) fn new(name: &str, program: &Path, data: PathBuf) -> Self {
        std::fs::create_dir_all(&data).expect("the node's folder");
        Self {
            name: name.into(),
            program: program.into(),
            data,
            settings: Vec::new(),
            https: false,
            mail: false,
            running: None,
        }
    }

    /// Adds a line to `lampion.toml`; holds from the next start.
    pub fn set(&mut self, line: &str) -> &mut Self {
        self.settings.push(line.into());
        self
    }

    /// Serves HTTPS too, from the next start.
    pub fn secure(&mut self) -> &mut Self {
        self.https = true;
        self
    }

    /// Serves the protocols of mail too, from the next start; see [`Node::listens`].
    pub fn mail(&mut self) -> &mut Self {
        self.mail = true;
        self
    }

    /// Where a protocol (`imaps`) is served.
    ///
    /// # Panics
    /// It isn't.
    pub fn listens(&self, protocol: &str) -> std::net::SocketAddr {
        let running = self.running.as_ref().expect("the node runs");
        running.ready["listens"][protocol]
            .as_str()
            .unwrap_or_else(|| panic!("{protocol} is not served: {}", running.ready))
            .parse()
            .expect("an address")
    }

    /// Its folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    fn log_file(&self) -> PathBuf {
        let mut name = self.data.as_os_str().to_owned();
        name.push(".log");
        name.into()
    }

    /// What it said so far on standard error, over all its starts.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn configure(&self) {
        let mut text = format!("name = {:?}\n", self.name);
        for line in &self.settings {
            let _infallible = writeln!(text, "{line}");
        }
        std::fs::write(self.data.join("lampion.toml"), text).expect("the configuration");
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// It ended instead; its log is shown.
    pub fn start(&mut self) {
        assert!(
            self.try_start(),
            "{} did not start:\n{}",
            self.name,
            self.log()
        );
    }

    /// Starts it; `false` if it ended instead of answering.
    ///
    /// # Panics
    /// The program can't be started at all, or never answers.
    pub fn try_start(&mut self) -> bool {
        assert!(self.running.is_none(), "{} runs already", self.name);
        self.configure();
        let mut ready_file = self.data.as_os_str().to_owned();
        ready_file.push(".ready");
        let ready_file = PathBuf::from(ready_file);
        let _from_before = std::fs::remove_file(&ready_file);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the log");
        let secure = if self.https { "127.0.0.1:0" } else { "none" };
        let mut command = Command::new(&self.program);
        command.args([
            "serve",
            "--no-qr",
            "--http",
            "127.0.0.1:0",
            "--content",
            "127.0.0.1:0",
            "--https",
            secure,
            "--mail",
            if self.mail { "127.0.0.1" } else { "none" },
        ]);
        if self.https {
            command.args(["--content-https", secure]);
        }
        command
            .arg("--ready-file")
            .arg(&ready_file)
            .arg("--data")
            .arg(&self.data);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut child = command.spawn().expect("the program");
        let ready = until(
            &format!("{} to answer", self.name),
            || match std::fs::read(&ready_file) {
                Ok(bytes) => Some(serde_json::from_slice::<Value>(&bytes).ok()),
                Err(_) => child.try_wait().ok().flatten().map(|_| None),
            },
        );
        let Some(ready) = ready else { return false };
        self.running = Some(Running { child, ready });
        true
    }

    fn ready(&self, name: &str) -> Option<String> {
        let running = self
            .running
            .as_ref()
            .unwrap_or_else(|| panic!("{} is not running", self.name));
        running
            .ready
            .get(name)
            .and_then(Value::as_str)
            .map(Into::into)
    }

    fn address(&self, name: &str) -> SocketAddr {
        self.ready(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| panic!("{} has no `{name}`", self.name))
    }

    /// A client of its pages.
    pub fn pages(&self) -> Client {
        Client::new(self.address("http"))
    }

    /// A client of its content origin.
    pub fn content(&self) -> Client {
        Client::new(self.address("content"))
    }

    /// A client of its pages over HTTPS that trusts the node's own authority, which it got over HTTP.
    pub fn https(&self) -> Client {
        Client::secure(
            self.address("https"),
            &self.get("/trust/lampion-ca.crt").expect(200).text(),
        )
    }

    /// The path of the one-time link of its first start.
    pub fn first_start(&self) -> Option<String> {
        self.ready("first_start").map(|link| {
            link.splitn(4, '/')
                .nth(3)
                .map(|path| format!("/{path}"))
                .unwrap_or_default()
        })
    }

    /// The process' number.
    pub fn pid(&self) -> u32 {
        self.running
            .as_ref()
            .map_or(0, |running| running.child.id())
    }

    /// `GET` of a page by nobody.
    pub fn get(&self, path: &str) -> Reply {
        self.pages().get(path)
    }

    /// The JSON of an address.
    pub fn json(&self, path: &str) -> Value {
        self.get(path).expect(200).json()
    }

    /// Results of a search by the JSON interface.
    pub fn search(&self, query: &str) -> Value {
        self.json(&format!("/api/v1/search?q={}", encode(query)))
    }

    /// Titles of the first results of a search.
    pub fn titles(&self, query: &str) -> Vec<String> {
        texts(&self.search(query)["hits"], "title")
    }

    /// Keys and titles of all documents that a search finds, by pages of the JSON interface, in the order of titles.
    ///
    /// # Panics
    /// A document comes twice, or the pages don't hold as many as the first one promises.
    pub fn all(&self, query: &str) -> Vec<(String, String)> {
        self.all_raw(&format!("q={}", encode(query)))
    }

    /// The same for a query as it stands in an address: `q=lantern&collection=valley`.
    ///
    /// # Panics
    /// A document comes twice.
    pub fn all_raw(&self, query: &str) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let first = format!("/api/v1/search?{query}&sort=title&limit=100");
        let mut path = first.clone();
        loop {
            let page = self.json(&path);
            let total = page["total"].as_u64().unwrap_or(0);
            assert!(
                total <= 1_000,
                "only the first thousand results can be paged through"
            );
            for hit in page["hits"].as_array().into_iter().flatten() {
                let text = |field: &str| hit[field].as_str().unwrap_or_default().to_string();
                found.push((
                    format!("{}/{}", text("collection"), text("key")),
                    text("title"),
                ));
            }
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("{first}&cursor={}", encode(next));
        }
        let mut keys: Vec<&String> = found.iter().map(|(key, _)| key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), found.len(), "a document came twice for {query}");
        found
    }

    /// A collection as the JSON interface shows it to everybody.
    pub fn collection(&self, id: &str) -> Option<Value> {
        self.json("/api/v1/collections")["collections"]
            .as_array()?
            .iter()
            .find(|one| one["id"] == id)
            .cloned()
    }

    /// Runs a command of the command line on its folder.
    pub fn run(&self, words: &[&str]) -> Output {
        self.run_with(words, "")
    }

    /// The same, with something on standard input.
    ///
    /// # Panics
    /// The program can't be started.
    pub fn run_with(&self, words: &[&str], input: &str) -> Output {
        if self.running.is_none() {
            self.configure();
        }
        let mut command = Command::new(&self.program);
        command
            .arg("--data")
            .arg(&self.data)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        if let Some(mut pipe) = child.stdin.take() {
            let _it_may_not_read = pipe.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().expect("its output");
        Output {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Imports by the command line, with options, and gives the report.
    pub fn import(&self, path: &Path, options: &[&str]) -> Output {
        let path = path.to_string_lossy();
        let mut words = vec!["import", &*path, "--json"];
        words.extend_from_slice(options);
        self.run(&words)
    }

    /// Adds a person with a password and signs them in.
    pub fn person(&self, name: &str, roles: &str) -> Session<'_> {
        let password = format!("{name} and a lantern");
        self.run_with(
            &["person", "add", name, "--role", roles, "--password"],
            &format!("{password}\n"),
        )
        .expect(0);
        self.sign_in(name, &password)
    }

    /// Signs in by the page.
    ///
    /// # Panics
    /// It was refused.
    pub fn sign_in(&self, name: &str, password: &str) -> Session<'_> {
        let reply = self
            .pages()
            .ask(&Ask::form(
                "/sign-in",
                &[("name", name), ("password", password), ("back", "/account")],
            ))
            .expect(303);
        self.session(&reply)
    }

    /// The session that an answer began.
    pub fn session(&self, reply: &Reply) -> Session<'_> {
        let cookie = reply
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_string();
        self.resume(&cookie)
    }

    /// A session by its cookie.
    pub fn resume(&self, cookie: &str) -> Session<'_> {
        Session {
            node: self,
            cookie: cookie.to_string(),
        }
    }

    /// Ends it with SIGKILL, as a power cut would.
    pub fn kill9(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _already_gone = running.child.kill();
            let _reaped = running.child.wait();
        }
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub fn stop(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.ended()
    }

    /// Waits for the end of a node that was asked to stop.
    ///
    /// # Panics
    /// It doesn't run, or doesn't end.
    pub fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("a node that runs");
        until(&format!("the end of {}", self.name), || {
            running.child.try_wait().expect("its state")
        })
    }

    /// Sends SIGTERM and doesn't wait.
    ///
    /// # Panics
    /// `kill` can't be run.
    pub fn ask_to_stop(&self) {
        let sent = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()
            .expect("kill");
        assert!(sent.success(), "{} was not running", self.name);
    }

    /// Stops and starts it.
    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            let log = self.log();
            let from = log
                .char_indices()
                .map(|(at, _)| at)
                .find(|at| log.len() - at <= LOG_SHOWN)
                .unwrap_or(0);
            eprintln!(
                "── log of {} ──\n{}\n──",
                self.name,
                log.get(from..).unwrap_or_default()
            );
        }
    }
}

/// Somebody who is signed in at a node.
pub struct Session<'a> {
    node: &'a Node,
    cookie: String,
}

impl Session<'_> {
    /// The cookie: `lampion=…`.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Any request, with the cookie.
    pub fn ask(&self, ask: Ask) -> Reply {
        self.node.pages().ask(&ask.header("cookie", &self.cookie))
    }

    /// `GET` of a page.
    pub fn get(&self, path: &str) -> Reply {
        self.ask(Ask::get(path))
    }

    /// The token for forms.
    ///
    /// # Panics
    /// Nobody is signed in.
    pub fn csrf(&self) -> String {
        let page = self.get("/account").expect(200).text();
        let rest = page
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .unwrap_or_else(|| panic!("no form on {page}"));
        rest.split('"').next().unwrap_or_default().to_string()
    }

    /// Sends a form with its token.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let token = self.csrf();
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.ask(Ask::form(path, &all))
    }

    /// Sends files by the page of the desk; gives the collection's id.
    ///
    /// # Panics
    /// They were refused.
    pub fn upload(&self, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> String {
        let token = self.csrf();
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        let reply = self
            .ask(Ask::upload("/desk/import/upload", &all, files))
            .expect(303);
        desk_id(&reply)
    }

    /// Imports what lies on the node's disk by the page of the desk; gives the collection's id.
    ///
    /// # Panics
    /// It was refused.
    pub fn import(&self, path: &Path, fields: &[(&str, &str)]) -> String {
        let path = path.to_string_lossy();
        let mut all = vec![("path", &*path)];
        all.extend_from_slice(fields);
        desk_id(&self.post("/desk/import", &all).expect(303))
    }

    /// Waits until no job of a collection is under way, and gives the last state of its desk page.
    pub fn settled(&self, collection: &str) -> String {
        until(&format!("the jobs of {collection}"), || {
            let jobs = self
                .ask(Ask::get(&format!("/desk/{collection}")).header("x-partial", "1"))
                .expect(200);
            (jobs.header("x-over") == "1").then(|| jobs.text())
        })
    }
}

fn desk_id(reply: &Reply) -> String {
    reply
        .header("location")
        .trim_start_matches("/desk/")
        .to_string()
}

/// A text as part of an address.
pub fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// One field of every object of a list.
pub fn texts(list: &Value, field: &str) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one[field].as_str().map(Into::into))
        .collect()
}
