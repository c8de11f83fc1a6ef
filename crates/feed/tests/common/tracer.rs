//! Runs a program and kills it at its n-th write, counted over all of its threads: ptrace(2).
//!
//! The program waits for a line on its standard input until it is watched. Its standard output is an observer outside: what
//! stands in that pipe was told before the program died.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A program that takes longer has hung.
const TIME_LIMIT: Duration = Duration::from_secs(600);
/// The first field of `struct ptrace_syscall_info` at a syscall's entry; its exit is 2.
const ENTRY: u8 = 1;

/// What counts as a write.
#[derive(Debug, Clone)]
pub enum Writes {
    /// Whatever changes a file under this folder, or its name, or makes it last.
    Files(PathBuf),
    /// Whatever is sent to a server.
    Sockets,
}

/// When to kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Never: to count.
    Never,
    /// Before the n-th write, from 1.
    Before(u64),
    /// After half of the n-th write's bytes were written.
    Halfway(u64),
}

/// What came of it.
#[derive(Debug)]
pub struct Watched {
    /// Writes that began.
    pub writes: u64,
    /// Whether it was killed; otherwise it came to its end.
    pub killed: bool,
    /// The write at which it was killed.
    pub at: String,
    /// What it told.
    pub told: String,
}

/// A system call at its entry: number, first argument, third argument.
#[cfg(target_arch = "x86_64")]
fn call(thread: Pid) -> nix::Result<(i64, u64, u64)> {
    let registers = ptrace::getregs(thread)?;
    Ok((
        registers.orig_rax.cast_signed(),
        registers.rdi,
        registers.rdx,
    ))
}

#[cfg(target_arch = "x86_64")]
fn shorten(thread: Pid, length: u64) -> nix::Result<()> {
    let mut registers = ptrace::getregs(thread)?;
    registers.rdx = length;
    ptrace::setregs(thread, registers)
}

#[cfg(not(target_arch = "x86_64"))]
fn call(_: Pid) -> nix::Result<(i64, u64, u64)> {
    Err(Errno::ENOSYS)
}

#[cfg(not(target_arch = "x86_64"))]
fn shorten(_: Pid, _: u64) -> nix::Result<()> {
    Err(Errno::ENOSYS)
}

/// The name of a call that writes, and whether its first argument is a file and its third a length.
fn written(number: i64) -> Option<(&'static str, bool, bool)> {
    let byte_calls = [
        (libc::SYS_write, "write"),
        (libc::SYS_pwrite64, "pwrite64"),
        (libc::SYS_sendto, "sendto"),
    ];
    let file_calls = [
        (libc::SYS_writev, "writev"),
        (libc::SYS_sendmsg, "sendmsg"),
        (libc::SYS_ftruncate, "ftruncate"),
        (libc::SYS_fsync, "fsync"),
        (libc::SYS_fdatasync, "fdatasync"),
        (libc::SYS_fallocate, "fallocate"),
    ];
    let name_calls = [
        (libc::SYS_renameat2, "renameat2"),
        (libc::SYS_renameat, "renameat"),
        (libc::SYS_linkat, "linkat"),
        (libc::SYS_unlinkat, "unlinkat"),
        (libc::SYS_mkdirat, "mkdirat"),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_rename, "rename"),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_link, "link"),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_unlink, "unlink"),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_mkdir, "mkdir"),
    ];
    let find = |calls: &[(i64, &'static str)]| {
        calls
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, name)| *name)
    };
    find(&byte_calls)
        .map(|name| (name, true, true))
        .or_else(|| find(&file_calls).map(|name| (name, true, false)))
        .or_else(|| find(&name_calls).map(|name| (name, false, false)))
}

struct Watch {
    child: Child,
    leader: Pid,
    what: Writes,
    when: When,
    writes: u64,
    killed: bool,
    at: String,
    /// A thread that is to die when its shortened write has ended.
    last: Option<Pid>,
}

impl Watch {
    /// The write that a thread is about to make, if it is one that counts.
    fn write(&self, thread: Pid) -> nix::Result<Option<(String, Option<u64>)>> {
        let (number, file, length) = call(thread)?;
        let Some((name, by_file, by_length)) = written(number) else {
            return Ok(None);
        };
        if !by_file {
            let counts = matches!(self.what, Writes::Files(_));
            return Ok(counts.then(|| (name.to_string(), None)));
        }
        let link = format!("/proc/{}/fd/{file}", self.leader);
        let target = std::fs::read_link(link).unwrap_or_default();
        let counts = match &self.what {
            Writes::Files(folder) => target.starts_with(folder),
            Writes::Sockets => target.to_string_lossy().starts_with("socket:"),
        };
        let shown = format!("{name} {}", target.display());
        Ok(counts.then_some((shown, by_length.then_some(length))))
    }

    fn end(&mut self, shown: String) {
        self.killed = true;
        self.at = shown;
        let _has_ended = kill(self.leader, Signal::SIGKILL);
    }

    fn on_call(&mut self, thread: Pid) -> nix::Result<()> {
        if ptrace::syscall_info(thread)?.op != ENTRY {
            if self.last == Some(thread) {
                let shown = std::mem::take(&mut self.at);
                self.end(shown);
            }
            return Ok(());
        }
        if self.killed || self.last.is_some() {
            return Ok(());
        }
        let Some((shown, length)) = self.write(thread)? else {
            return Ok(());
        };
        self.writes += 1;
        match (self.when, length) {
            (When::Halfway(n), Some(length)) if n == self.writes && length > 1 => {
                shorten(thread, length / 2)?;
                self.at = format!("half of {shown}");
                self.last = Some(thread);
            }
            (When::Before(n) | When::Halfway(n), _) if n == self.writes => self.end(shown),
            _ => {}
        }
        Ok(())
    }

    /// Watches until the program is gone.
    fn run(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            if begun.elapsed() > TIME_LIMIT {
                let _has_ended = kill(self.leader, Signal::SIGKILL);
                return Err(format!("it hung after {} writes", self.writes));
            }
            let status = waitpid(Pid::from_raw(-1), Some(flags)).map_err(|e| e.to_string())?;
            let (thread, signal) = match status {
                WaitStatus::Exited(pid, 0) if pid == self.leader => return Ok(()),
                WaitStatus::Signaled(pid, Signal::SIGKILL, _) if pid == self.leader => {
                    return if self.killed {
                        Ok(())
                    } else {
                        Err("somebody else killed it".into())
                    };
                }
                WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)
                    if pid == self.leader =>
                {
                    return Err(format!("it ended with {status:?}"));
                }
                WaitStatus::PtraceSyscall(thread) => {
                    match self.on_call(thread) {
                        // Killed in between.
                        Ok(()) | Err(Errno::ESRCH) => {}
                        Err(error) => return Err(error.to_string()),
                    }
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, ..) => (thread, None),
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                _ => continue,
            };
            match ptrace::syscall(thread, signal) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

/// Takes hold of all threads of a program that waits.
fn seize(leader: Pid) -> Result<(), String> {
    let mut held = BTreeMap::new();
    let options =
        Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
    loop {
        let mut new = 0;
        let tasks = std::fs::read_dir(format!("/proc/{leader}/task")).map_err(|e| e.to_string())?;
        for task in tasks.flatten() {
            let Some(id) = task.file_name().to_str().and_then(|id| id.parse().ok()) else {
                continue;
            };
            let thread = Pid::from_raw(id);
            if held.contains_key(&id) {
                continue;
            }
            ptrace::seize(thread, options).map_err(|error| format!("ptrace: {error}"))?;
            ptrace::interrupt(thread).map_err(|error| format!("ptrace: {error}"))?;
            held.insert(id, ());
            new += 1;
        }
        if new == 0 {
            return Ok(());
        }
    }
}

/// Runs a program, which says `waiting` and waits for a line, and kills it as told. Must be called from a thread of its own.
///
/// # Errors
/// It can't be watched here, or it failed by itself.
pub fn run(command: &mut Command, what: Writes, when: When) -> Result<Watched, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut out = child.stdout.take().unwrap();
    let mut told = String::new();
    while !told.contains("waiting\n") {
        let mut byte = [0];
        if out.read(&mut byte).unwrap_or(0) == 0 {
            return Err(format!("it ended at once: {told}"));
        }
        told.push(char::from(byte[0]));
    }
    let leader = Pid::from_raw(child.id().cast_signed());
    let mut watch = Watch {
        child,
        leader,
        what,
        when,
        writes: 0,
        killed: false,
        at: String::new(),
        last: None,
    };
    let watched = seize(leader).and_then(|()| {
        let mut input = watch.child.stdin.take().unwrap();
        input
            .write_all(b"go\n")
            .map_err(|error| error.to_string())?;
        watch.run()
    });
    if watched.is_err() {
        let _has_ended = kill(leader, Signal::SIGKILL);
    }
    out.read_to_string(&mut told)
        .map_err(|error| error.to_string())?;
    watched?;
    Ok(Watched {
        writes: watch.writes,
        killed: watch.killed,
        at: watch.at,
        told,
    })
}

/// Why programs can't be watched here; none if they can.
pub fn hindrance() -> Option<String> {
    if !cfg!(target_arch = "x86_64") {
        return Some("registers are known of x86-64 only".into());
    }
    let watched = std::thread::spawn(|| {
        let mut echo = Command::new("/bin/sh");
        echo.args(["-c", "echo waiting; read line; echo $line"]);
        run(
            &mut echo,
            Writes::Files(Path::new("/nowhere").into()),
            When::Never,
        )
    });
    watched.join().unwrap().err()
}
